"""Engine.IO 4 over ASGI: WebSocket, HTTP long-polling and the way from one to the other. Knows no Socket.IO."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from parley.transports.engineio.asgi_websocket import AsgiWebSocket, Receive, Send
from parley.transports.engineio.direct_websocket import EXTENSION, WebSocketListener, WebSocketWire
from parley.transports.engineio.link import EngineLink, Handshake
from parley.transports.engineio.origins import Headers, Origins
from parley.transports.engineio.polling_carrier import PollingCarrier
from parley.transports.engineio.protocol import Reason, encode_payload
from parley.transports.engineio.roster import EngineApp, LinkRoster
from parley.transports.engineio.settings import SocketSettings
from parley.transports.engineio.websocket_carrier import ProbingCarrier, WebSocketCarrier

Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
MAX_QUERY = 2048


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is not served: the HTTP status, and Engine.IO's code and words for it."""

    status: int
    code: int
    message: str


UNKNOWN_TRANSPORT = Refusal(400, 0, "Transport unknown")
UNKNOWN_SID = Refusal(400, 1, "Session ID unknown")
BAD_METHOD = Refusal(400, 2, "Bad handshake method")
BAD_REQUEST = Refusal(400, 3, "Bad request")
FORBIDDEN = Refusal(403, 4, "Forbidden")
UNSUPPORTED_VERSION = Refusal(400, 5, "Unsupported protocol version")
TOO_LARGE = Refusal(413, 3, "Payload too large")
NOT_FOUND = Refusal(404, 3, "Not found")


class Call(msgspec.Struct, frozen=True):
    """One HTTP request or WebSocket handshake, as far as Engine.IO cares."""

    is_websocket: bool
    method: str
    query: dict[str, str]
    headers: dict[str, str]
    handshake: Handshake


class EngineDoor:
    """One ASGI application; what is not on its path goes to `otherwise`."""

    def __init__(
        self,
        app: EngineApp,
        settings: SocketSettings,
        otherwise: AsgiApp | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.roster = LinkRoster(app, settings, clock)
        self._settings = settings
        self._origins = Origins(settings.origins)
        self._otherwise = otherwise

    def serves(self, path: str) -> bool:
        return self._settings.path is None or path.rstrip("/") == self._settings.path.rstrip("/")

    def shut(self) -> None:
        """Admit nobody any more and end every connection; call it before the server stops waiting for polls."""
        self.roster.shut()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket") or not self.serves(scope["path"]):
            if self._otherwise is not None:
                await self._otherwise(scope, receive, send)
            elif kind == "lifespan":
                await _live(receive, send)
            else:
                await _refuse(scope, receive, send, NOT_FOUND, [])
            return
        call = self._read(scope)
        refusal = self._refusal(call)
        cors = self._origins.headers(call.headers.get("origin")) if refusal is not FORBIDDEN else []
        if call.method == "OPTIONS" and refusal is not FORBIDDEN:
            requested = call.headers.get("access-control-request-headers")
            await _answer(send, 204, b"", cors + self._origins.preflight_headers(requested))
        elif refusal is not None:
            await _refuse(scope, receive, send, refusal, cors)
        elif call.is_websocket:
            await self._websocket(call, scope, receive, send)
        else:
            await self._http(call, receive, send, cors)

    def _read(self, scope: Scope) -> Call:
        raw = scope["query_string"][:MAX_QUERY].decode("latin-1")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        client = scope.get("client")
        kept = {name: headers[name] for name in self._settings.kept_headers if name in headers}
        return Call(
            is_websocket=scope["type"] == "websocket",
            method=scope.get("method", "GET"),
            query=dict(parse_qsl(raw, keep_blank_values=True)),
            headers=headers,
            handshake=Handshake(client[0] if client else "", raw, kept),
        )

    def _refusal(self, call: Call) -> Refusal | None:
        """Why this call cannot be served; sessions that it names may still be unknown."""
        if not self._origins.allow(call.headers.get("origin"), call.headers.get("host")):
            return FORBIDDEN
        transport = call.query.get("transport")
        if transport not in ("polling", "websocket"):
            return UNKNOWN_TRANSPORT
        if (transport == "websocket") is not call.is_websocket:
            return BAD_REQUEST
        if call.query.get("EIO") != "4":
            return UNSUPPORTED_VERSION
        if "sid" in call.query:
            return None if call.method in ("GET", "POST") else BAD_METHOD
        if call.method != "GET":
            return BAD_METHOD
        why = self.roster.refusal(call.handshake.address)
        return None if why is None else Refusal(503 if self.roster.is_shut else 429, 4, why)

    # HTTP long-polling

    async def _http(self, call: Call, receive: Receive, send: Send, cors: Headers) -> None:
        sid = call.query.get("sid")
        if sid is None:
            await _answer(send, 200, self._open_polling(call.handshake), cors)
            return
        link = self.roster.find(sid)
        if link is None and call.method == "GET" and (farewell := self.roster.take_farewell(sid)) is not None:
            await _answer(send, 200, farewell, cors)
        elif link is None:
            await _answer_refusal(send, UNKNOWN_SID, cors)
        elif not isinstance(link.carrier, PollingCarrier):
            await _answer_refusal(send, BAD_REQUEST, cors)
        elif call.method == "GET":
            await self._poll(link, link.carrier, receive, send, cors)
        else:
            await self._post(link, link.carrier, receive, send, cors)

    def _open_polling(self, handshake: Handshake) -> bytes:
        link = self.roster.open("polling", PollingCarrier(), handshake)
        self.roster.announce(link)
        return link.session.handshake(self._settings.max_payload)

    async def _poll(
        self, link: EngineLink, carrier: PollingCarrier, receive: Receive, send: Send, cors: Headers
    ) -> None:
        if carrier.is_polling:
            self.roster.end(link, Reason.TRANSPORT_ERROR)
            await _answer_refusal(send, BAD_REQUEST, cors)
        elif link.buffer.packets:
            await _answer(send, 200, encode_payload(link.buffer.take()), cors)
        elif link.session.is_probing:
            await _answer(send, 200, b"6", cors)
        else:
            watching = asyncio.create_task(self._end_when_gone(link, receive))
            try:
                body = await carrier.poll()
            finally:
                watching.cancel()
            await _answer(send, 200, body, cors)

    async def _end_when_gone(self, link: EngineLink, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.roster.end(link, Reason.TRANSPORT_CLOSE)

    async def _post(
        self, link: EngineLink, carrier: PollingCarrier, receive: Receive, send: Send, cors: Headers
    ) -> None:
        if carrier.is_posting:
            self.roster.end(link, Reason.TRANSPORT_ERROR)
            await _answer_refusal(send, BAD_REQUEST, cors)
            return
        carrier.is_posting = True
        try:
            body = await _body(receive, self._settings.max_payload)
        finally:
            carrier.is_posting = False
        if body == "gone":
            self.roster.end(link, Reason.TRANSPORT_CLOSE)
        elif body == "too large":
            self.roster.end(link, Reason.PAYLOAD_TOO_LARGE)
            await _answer_refusal(send, TOO_LARGE, cors)
        elif link.is_open and self.roster.hear_payload(link, body):
            await _answer(send, 200, b"ok", cors)
        else:
            await _answer_refusal(send, BAD_REQUEST, cors)

    # WebSocket

    async def _websocket(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        sid = call.query.get("sid")
        link = None if sid is None else self.roster.find(sid)
        if sid is not None and link is None:
            await _refuse(scope, receive, send, UNKNOWN_SID, [])
            return
        await receive()
        await send({"type": "websocket.accept"})
        if link is not None and (link.session.is_probing or not isinstance(link.carrier, PollingCarrier)):
            await send({"type": "websocket.close", "code": 1002, "reason": "session has a WebSocket already"})
            return
        if link is None:
            await self._open_websocket(call.handshake, scope, receive, send)
        else:
            await self._probe(link, scope, receive, send)

    async def _open_websocket(self, handshake: Handshake, scope: Scope, receive: Receive, send: Send) -> None:
        carrier = WebSocketCarrier(self.roster.hear)
        carrier.wire = wire = self._attach(carrier, scope, receive, send)
        if wire is None:
            return
        link = carrier.link = self.roster.open("websocket", carrier, handshake)
        wire.write([link.session.handshake(self._settings.max_payload)])
        self.roster.announce(link)
        if isinstance(wire, AsgiWebSocket):
            await wire.run()

    async def _probe(self, link: EngineLink, scope: Scope, receive: Receive, send: Send) -> None:
        carrier = ProbingCarrier(link, self.roster.hear)
        carrier.wire = wire = self._attach(carrier, scope, receive, send)
        asyncio.get_running_loop().call_later(self._settings.upgrade_timeout, carrier.give_up)
        if isinstance(wire, AsgiWebSocket):
            await wire.run()

    def _attach(self, listener: WebSocketListener, scope: Scope, receive: Receive, send: Send) -> WebSocketWire | None:
        """A wire for `listener`; None when the peer is gone. An `AsgiWebSocket` must be run."""
        attach = scope.get("extensions", {}).get(EXTENSION)
        if attach is None:
            return AsgiWebSocket(receive, send, listener, self._settings.max_payload)
        wire: WebSocketWire | None = attach(listener, self._settings.max_payload)
        return wire


async def _live(receive: Receive, send: Send) -> None:
    """The lifespan of a door that stands alone."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _body(receive: Receive, limit: int) -> bytes | Literal["gone", "too large"]:
    """The whole body of a request, no longer than `limit`."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return "gone"
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            return "too large"
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _answer(
    send: Send, status: int, body: bytes, headers: Headers, media: bytes = b"text/plain; charset=UTF-8"
) -> None:
    head = [(b"content-type", media), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": head + headers})
    await send({"type": "http.response.body", "body": body})


async def _answer_refusal(send: Send, refusal: Refusal, headers: Headers) -> None:
    await _answer(send, refusal.status, _explain(refusal), headers, b"application/json")


def _explain(refusal: Refusal) -> bytes:
    return msgspec.json.encode({"code": refusal.code, "message": refusal.message})


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal, headers: Headers) -> None:
    """Answer a request or deny a WebSocket handshake."""
    if scope["type"] == "http":
        await _answer_refusal(send, refusal, headers)
        return
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.message})
        return
    body = _explain(refusal)
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": head})
    await send({"type": "websocket.http.response.body", "body": body})
