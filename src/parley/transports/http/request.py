"""One HTTP request as its endpoint reads it: raw headers, path, query, and a bounded body. Knows no route."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from parley.errors import InvalidInput, ParleyError

TRUE = frozenset({"true", "1"})
FALSE = frozenset({"false", "0", ""})


class ClientGone(Exception):
    """The client closed the connection before it had sent the whole request."""


class BodyTooLarge(ParleyError):
    """The request body has more bytes than the server takes."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes. Send less in one request.")


class Request:
    """Scanned on demand: what an endpoint does not ask for costs nothing."""

    __slots__ = ("_query", "_receive", "_send", "has_answered", "params", "scope")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.params: dict[str, str] = {}
        """The parts of the path that the route names, percent-decoded."""
        self.has_answered = False
        self._receive = receive
        self._send = send
        self._query: dict[str, str] | None = None

    @property
    def method(self) -> str:
        """As the client wrote it."""
        return str(self.scope["method"])

    def header(self, name: bytes) -> str | None:
        """The first header of this name (lower case)."""
        for key, value in self.scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return None

    def query(self, name: str) -> str | None:
        """The last query parameter of this name."""
        if self._query is None:
            raw = self.scope.get("query_string", b"").decode("latin-1")
            self._query = dict(parse_qsl(raw, keep_blank_values=True)) if raw else {}
        return self._query.get(name)

    def flag(self, name: str) -> bool:
        """A boolean query parameter, False where it is absent. Raises `InvalidInput`."""
        value = self.query(name)
        if value is None or value.lower() in FALSE:
            return False
        if value.lower() in TRUE:
            return True
        raise InvalidInput.at(name, "true or false")

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """A query parameter with one of these values, None where it is absent or empty. Raises `InvalidInput`."""
        value = self.query(name)
        if value and value not in allowed:
            raise InvalidInput.at(name, " or ".join(allowed))
        return value or None

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises `BodyTooLarge` as soon as it is sure, `ClientGone`."""
        declared = self.header(b"content-length")
        if declared is not None and (not declared.isdecimal() or int(declared[:20]) > limit):
            raise BodyTooLarge(limit)
        message = await self._part()
        if not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise BodyTooLarge(limit)
            return body
        return await self._rest(message, limit)

    async def _rest(self, message: Message, limit: int) -> bytes:
        parts = [message.get("body", b"")]
        size = len(parts[0])
        while message.get("more_body", False):
            if size > limit:
                break
            message = await self._part()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        if size > limit:
            raise BodyTooLarge(limit)
        return b"".join(parts)

    async def _part(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGone
        return message

    async def send(self, message: Message) -> None:
        """One part of the answer."""
        self.has_answered = True
        await self._send(message)
