"""Clocks, behind ports/clock.py: the system's, and one that stands still until it is told."""

from __future__ import annotations

import asyncio
import heapq
import time
from asyncio import Future


class SystemClock:
    """The time of this machine."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`. May be cancelled."""
        await asyncio.sleep(seconds)


class StillClock:
    """A clock for tests: its time moves only through `advance`."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_us = now_ms * 1000
        self._sleepers: list[tuple[int, int, Future[None]]] = []
        self._slept = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self._now_us // 1000

    @property
    def sleepers(self) -> int:
        """How many wait for this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Return once the clock was advanced by `seconds`. May be cancelled."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        self._slept += 1
        heapq.heappush(self._sleepers, (self._now_us + round(seconds * 1_000_000), self._slept, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass: sleepers wake in order, each at its own time, those that go to sleep meanwhile too."""
        until = self._now_us + round(seconds * 1_000_000)
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now_us = max(self._now_us, at)
            future.set_result(None)
            await _settle()
        self._now_us = until


async def _settle() -> None:
    """Give every task that can run its turn, so that what one wake-up causes has happened before the next."""
    for _ in range(10):
        await asyncio.sleep(0)
