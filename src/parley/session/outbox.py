"""The session's one log of emissions, and the listeners that follow it.

A listener is a place in the log, not a queue: to emit costs the same for one listener as for a hundred, a slow one
holds no memory, and one that falls behind what is kept is told so (decisions, "Backpressure").
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import islice

from parley.domain.transcript import Emission
from parley.errors import ParleyError
from parley.session.signal import Signal

KEPT = 512
"""How many emissions are kept for listeners; what is older is read from the store."""


class FellBehind(ParleyError):
    """The listener's place is no longer in memory: come back with the last offset and resume."""

    code = "fell_behind"


class Outbox:
    """Emissions by offset. What is appended is heard after `release`."""

    __slots__ = ("_closed", "_log", "_signal", "epoch", "listeners", "next_offset", "readable")

    def __init__(self, epoch: int, next_offset: int) -> None:
        self.epoch = epoch
        self.next_offset = next_offset
        self.readable = next_offset
        self.listeners = 0
        self._log: deque[Emission] = deque(maxlen=KEPT)
        self._signal = Signal()
        self._closed = False

    def append(self, emission: Emission) -> None:
        """Add the emission that has `next_offset`."""
        self._log.append(emission)
        self.next_offset += 1

    def release(self) -> None:
        """What was appended may be heard."""
        self.readable = self.next_offset
        self._signal.wake()

    def close(self) -> None:
        """Nothing comes after this; listeners end when they have heard what is readable."""
        self._closed = True
        self._signal.wake()

    async def listen(self, after: int | None = None) -> AsyncIterator[Sequence[Emission]]:
        """Emissions after this offset (None: from now on), in portions. Raises `FellBehind`."""
        place = self.readable if after is None else after + 1
        self.listeners += 1
        try:
            while True:
                if place < self.readable:
                    portion = self._between(place, self.readable)
                    place = self.readable
                    yield portion
                elif self._closed:
                    return
                else:
                    await self._signal.wait()
        finally:
            self.listeners -= 1

    def _between(self, place: int, end: int) -> Sequence[Emission]:
        first = self.next_offset - len(self._log)
        if place < first:
            raise FellBehind(f"Emissions before {first} are no longer kept here; resume from the store.")
        return tuple(islice(self._log, place - first, end - first))
