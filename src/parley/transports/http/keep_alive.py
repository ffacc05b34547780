"""Keeps quiet streams from being cut by proxies: one beat for all of them, and no timer each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from parley.ports.clock import Clock

QUIET_SECONDS = 15.0
BEAT_SECONDS = 5.0


class Watch:
    """One stream. `is_due`: it has been quiet for too long."""

    __slots__ = ("_clock", "_nudge", "_touched_ms", "is_due")

    def __init__(self, clock: Clock, nudge: Callable[[], None]) -> None:
        self._clock = clock
        self._nudge = nudge
        self._touched_ms = clock.now_ms()
        self.is_due = False

    def touch(self) -> None:
        """Something was sent."""
        self._touched_ms = self._clock.now_ms()
        self.is_due = False

    def look(self, now_ms: int) -> None:
        """Nudge the stream when it is due."""
        if now_ms - self._touched_ms >= QUIET_SECONDS * 1000:
            self.is_due = True
            self._nudge()


class KeepAlive:
    """Nudges each stream that was quiet for 15 seconds, at most 5 seconds late. Beats only while there are streams."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watches: set[Watch] = set()
        self._beating: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, nudge: Callable[[], None]) -> Iterator[Watch]:
        """Watch a stream until the block is left."""
        watch = Watch(self._clock, nudge)
        self._watches.add(watch)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._beat())
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def _beat(self) -> None:
        while self._watches:
            await self._clock.sleep(BEAT_SECONDS)
            now_ms = self._clock.now_ms()
            for watch in tuple(self._watches):
                watch.look(now_ms)
