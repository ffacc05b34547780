"""A WebSocket protocol for uvicorn whose applications may take the frames themselves. Knows no Socket.IO.

To every ASGI application it is uvicorn's own `websockets-sansio` protocol. The scope offers one extension more,
`EXTENSION`: after `websocket.accept` the application may hand over a `WebSocketListener` and return. From then
on frames reach the listener by plain calls, without a queue and without a task, and the application writes
without waiting. Use it as `uvicorn.Config(ws="parley.transports.engineio.direct_websocket:DirectWebSocketProtocol")`.
"""

import asyncio
from typing import Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from parley.transports.engineio.protocol import Packet
from parley.transports.engineio.websocket_frames import (
    ABNORMAL,
    BINARY,
    CLOSE,
    GOING_AWAY,
    NO_CODE,
    NORMAL,
    NOT_UTF8,
    PING,
    PONG,
    TEXT,
    FrameReader,
    Violation,
    encode_close,
    encode_control,
    encode_frames,
    read_close,
)

EXTENSION = "parley.websocket.direct"
CLOSE_TIMEOUT = 5.0
"""Seconds that a peer has to answer a close frame, and to read what was written before it."""


class WebSocketListener(Protocol):
    """Who takes the messages of one WebSocket."""

    def heard(self, packet: str | bytes) -> None:
        """One whole message, in order."""

    def drained(self) -> None:
        """All that came in this read was heard, or the peer reads again: a good time to write."""

    def lost(self, code: int) -> None:
        """The peer is gone; called once, also after the listener's own close."""


class WebSocketWire(Protocol):
    """How a listener answers. No verb waits."""

    @property
    def is_writable(self) -> bool: ...

    def write(self, packets: list[Packet]) -> None:
        """Hand packets to the network; call it only while `is_writable`."""

    def close(self, code: int, reason: str) -> None:
        """Say goodbye and stop reading; what was written still goes out, for a few seconds."""


class DirectWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol until an application attaches a listener; an empty shell after."""

    direct: "DirectWebSocket | None" = None

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.attach
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """As uvicorn's, which takes a handshake that was denied with a response of its own for a fault."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def attach(self, listener: WebSocketListener, max_size: int) -> WebSocketWire | None:
        """Give the frames to `listener` from now on; None when the peer is gone, or spoke before it was let in."""
        if self.disconnected or self.close_sent or self.transport.is_closing() or not self.queue.empty():
            return None
        self.stop_keepalive()
        connections: set[Any] = self.connections
        direct = DirectWebSocket(self.transport, connections, listener, max_size)
        connections.discard(self)
        connections.add(direct)
        self.transport.set_protocol(direct)
        self.transport = _Released()
        self.direct = direct
        return direct

    def data_received(self, data: bytes) -> None:
        if self.direct is not None:
            self.direct.data_received(data)
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_complete:
            # uvicorn leaves a request whose line or headers are too long without an answer, and open.
            self.handshake_complete = True
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()


class _Released(asyncio.Transport):
    """Stands where the transport was: what the shell still does to it has no effect."""

    def is_closing(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def write(self, data: Any) -> None:
        pass


class DirectWebSocket(asyncio.Protocol):
    """One accepted WebSocket that calls its listener."""

    __slots__ = ("_closing", "_connections", "_listener", "_reader", "_transport", "is_writable")

    def __init__(
        self, transport: asyncio.Transport, connections: set[Any], listener: WebSocketListener, max_size: int
    ) -> None:
        self._transport = transport
        self._connections = connections
        self._listener: WebSocketListener | None = listener
        self._reader = FrameReader(max_size)
        self._closing: asyncio.TimerHandle | None = None
        self.is_writable = True

    def data_received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            if isinstance(frame, Violation):
                self.close(frame.code, frame.reason)
                self._lose(frame.code)
                return
            opcode, payload = frame
            if opcode in (TEXT, BINARY):
                if self._listener is not None and not self._hear(opcode, payload):
                    return
            elif opcode == PING:
                self._transport.write(encode_control(PONG, payload))
            elif opcode == CLOSE:
                self._answer_close(payload)
                return
        if self._listener is not None:
            self._listener.drained()

    def _hear(self, opcode: int, payload: bytes) -> bool:
        assert self._listener is not None
        if opcode == BINARY:
            self._listener.heard(payload)
            return True
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self.close(NOT_UTF8, "text is not UTF-8")
            self._lose(NOT_UTF8)
            return False
        self._listener.heard(text)
        return True

    def _answer_close(self, payload: bytes) -> None:
        code, _ = read_close(payload)
        if self._closing is None:
            self._transport.write(encode_close(NORMAL if code == NO_CODE else code, ""))
        self._transport.close()
        self._lose(code)

    def _lose(self, code: int) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.lost(code)

    def write(self, packets: list[Packet]) -> None:
        self._transport.write(encode_frames(packets))

    def close(self, code: int, reason: str) -> None:
        if self._closing is not None or self._transport.is_closing():
            return
        self._transport.write(encode_close(code, reason))
        loop = asyncio.get_running_loop()
        self._closing = loop.call_later(CLOSE_TIMEOUT, self._transport.abort)

    def pause_writing(self) -> None:
        self.is_writable = False

    def resume_writing(self) -> None:
        self.is_writable = True
        if self._listener is not None:
            self._listener.drained()

    def eof_received(self) -> None:
        return None

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        if self._closing is not None:
            self._closing.cancel()
        self._lose(ABNORMAL)

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        self.close(GOING_AWAY, "server shutting down")
        self._lose(GOING_AWAY)
        self._transport.close()
