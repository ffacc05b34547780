"""Frames on their way to one client, in order and without waiting; who is too far behind is cut, who hears nothing for
long gets a `ping`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from parley.ports.clock import Clock
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.platform.sockets import BUSY, NORMAL, close

log = structlog.get_logger()

WAITING = 1_000
"""How many frames a client may be behind."""
CLOSING = 5.0
"""Seconds that a client which reads nothing has to let itself be closed."""
_encode = msgspec.json.Encoder().encode


class Outlet:
    """One client's."""

    def __init__(self, socket: WebSocket, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._cut = asyncio.Event()
        self._code: int | None = None
        self._reason = ""

    @property
    def is_ended(self) -> bool:
        """Nothing more is sent."""
        return self._code is not None

    def put(self, type: str, **data: Any) -> None:
        """The next frame."""
        if self.is_ended:
            return
        if self._waiting.qsize() >= WAITING:
            self.end(BUSY, "This client is too slow. Connect again.")
            self._cut.set()
            return
        self._waiting.put_nowait(_encode({"type": type, **data}).decode())

    def end(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the socket after what was put."""
        if not self.is_ended:
            self._code, self._reason = code, reason
            self._waiting.put_nowait(None)

    async def serve(self, *others: Coroutine[Any, Any, None]) -> None:
        """Send until the end, or until one of the others is over and there is nothing more to send; then close."""
        sending, cut = asyncio.ensure_future(self._send()), asyncio.ensure_future(self._cut.wait())
        tasks: list[asyncio.Task[Any]] = [sending, cut, *map(asyncio.ensure_future, others)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self.is_ended:
                await asyncio.wait([sending, cut], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for failed in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(failed, Exception) and not isinstance(failed, WebSocketDisconnect):
                    log.error("a socket failed", exc_info=failed)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await close(self._socket, NORMAL if self._code is None else self._code, self._reason)

    async def _send(self) -> None:
        with KeepAlive(self._clock).watching(self._ping) as watch:
            while (frame := await self._waiting.get()) is not None:
                await self._socket.send_text(frame)
                watch.touch()

    def _ping(self) -> None:
        if self._waiting.empty():
            self.put("ping")
