"""A WebSocket driven through plain ASGI `receive` and `send`, for servers without the direct extension."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from parley.transports.engineio.direct_websocket import WebSocketListener
from parley.transports.engineio.protocol import Binary, Packet
from parley.transports.engineio.websocket_frames import ABNORMAL, NO_CODE, TOO_BIG

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiWebSocket:
    """A wire whose writer is a task for as long as there is something to write, and no longer."""

    def __init__(self, receive: Receive, send: Send, listener: WebSocketListener, max_size: int) -> None:
        self._receive = receive
        self._send = send
        self._listener = listener
        self._max_size = max_size
        self._closing: dict[str, Any] | None = None
        self._queued: list[Packet] = []
        self._writer: asyncio.Task[None] | None = None

    @property
    def is_writable(self) -> bool:
        return self._writer is None

    def write(self, packets: list[Packet]) -> None:
        self._queued += packets
        self._wake_writer()

    def close(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = {"type": "websocket.close", "code": code, "reason": reason}
            self._wake_writer()

    def _wake_writer(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._queued or self._closing is not None:
                packets, self._queued = self._queued, []
                for packet in packets:
                    await self._send(_message(packet))
                if self._closing is not None and not self._queued:
                    await self._send(self._closing)
                    return
        except (OSError, RuntimeError):
            return  # the peer is gone; `run` hears of it
        finally:
            self._writer = None
        self._listener.drained()

    async def run(self) -> None:
        """Feed the listener until the peer is gone."""
        code = ABNORMAL
        try:
            while True:
                message = await self._receive()
                if message["type"] == "websocket.disconnect":
                    code = message.get("code") or NO_CODE
                    return
                if message["type"] == "websocket.receive":
                    self._hear(message.get("text"), message.get("bytes"))
        finally:
            if self._writer is not None:
                self._writer.cancel()
            self._listener.lost(code)

    def _hear(self, text: str | None, data: bytes | None) -> None:
        packet = text if text is not None else bytes(data or b"")
        if self._closing is not None:
            return
        if len(packet) > self._max_size:
            self.close(TOO_BIG, "message is too big")
        else:
            self._listener.heard(packet)
            self._listener.drained()


def _message(packet: Packet) -> dict[str, Any]:
    if isinstance(packet, Binary):
        return {"type": "websocket.send", "bytes": packet.data}
    return {"type": "websocket.send", "text": packet.decode()}
