"""Leases that run out: one a conversation, until it is kept for longer or dropped. Knows no operators."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from parley.domain.ids import SessionID
from parley.errors import ParleyError
from parley.ports.clock import Clock

log = structlog.get_logger()

WhenOver = Callable[[SessionID, str], Awaitable[None]]


class Leases:
    """`when_over` is called with a conversation and the holder of its lease, once it has run out."""

    def __init__(self, clock: Clock, when_over: WhenOver) -> None:
        self._clock = clock
        self._when_over = when_over
        self._running: dict[SessionID, tuple[str, asyncio.Task[None]]] = {}

    def keep(self, session: SessionID, holder: str, until_ms: int) -> None:
        """The holder has it until then."""
        self.drop(session)
        waiting = asyncio.get_running_loop().create_task(self._wait(session, holder, until_ms))
        self._running[session] = holder, waiting

    def drop(self, session: SessionID, holder: str | None = None) -> None:
        """It runs no more; with a `holder`, only where it is theirs."""
        found = self._running.get(session)
        if found is not None and holder in (None, found[0]):
            del self._running[session]
            found[1].cancel()

    async def stop(self) -> None:
        """Watch none any more."""
        waiting = [task for _, task in self._running.values()]
        for session in list(self._running):
            self.drop(session)
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _wait(self, session: SessionID, holder: str, until_ms: int) -> None:
        await self._clock.sleep(max(0, until_ms - self._clock.now_ms()) / 1000)
        self._running.pop(session, None)
        try:
            await self._when_over(session, holder)
        except ParleyError as error:
            log.warning("a lease ran out and was not noted", session=session, error=error.code)
