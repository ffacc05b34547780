"""Work that is done behind whoever caused it: one piece after another, in order. Knows not what the work is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

Piece = Callable[[], Awaitable[None]]


class Backlog:
    """A session never waits for this. `what` is what a piece that failed is called in the log; the rest is done."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._waiting: deque[Piece] = deque()
        self._working: asyncio.Task[None] | None = None

    def put(self, piece: Piece) -> None:
        """Do this when all that came before is done."""
        self._waiting.append(piece)
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def cleared(self) -> None:
        """Return when nothing is left to do."""
        while self._working is not None:
            await asyncio.wait([self._working])

    async def _work(self) -> None:
        try:
            while self._waiting:
                piece = self._waiting.popleft()
                try:
                    await piece()
                except Exception as error:  # noqa: BLE001 - what fails must not keep the rest
                    log.warning(self._what, error=repr(error))
        finally:
            self._working = None
