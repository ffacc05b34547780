"""The session's one log of emissions, and who follows it.

Followers are called with what is new, all with the same portion: to emit costs no queue, no task and no copy for
any of them. A follower must not wait; a door that cannot write fast enough cuts its client, who comes back with
the last offset (decisions, "Backpressure").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from msgspec import Struct

from parley.domain.ids import MessageID
from parley.domain.transcript import Emission

KEPT = 512
"""How many emissions are kept for those who come back; what is older is read from the store."""


class Portion(Struct, frozen=True):
    """What one turn has said since the last portion. `message` is the name of the action that caused it."""

    message: MessageID
    emissions: Sequence[Emission]


Follower = Callable[[Portion], None]
Leave = Callable[[], None]


class Outbox:
    """Emissions by offset. What is appended is heard after `release`."""

    __slots__ = (
        "_followers",
        "_log",
        "_lost",
        "_watchers",
        "began",
        "epoch",
        "epoch_before",
        "next_offset",
        "readable",
    )

    def __init__(self, epoch: int, next_offset: int) -> None:
        self.epoch = epoch
        self.next_offset = next_offset
        self.readable = next_offset
        self.began = next_offset
        """The first offset that was given out here."""
        self.epoch_before: int | None = None
        """The epoch that ended with `began`, where that is known: what has a smaller offset is the same in both."""
        self._log: deque[tuple[MessageID, Emission]] = deque(maxlen=KEPT)
        self._followers: list[Follower] = []
        self._lost: list[Leave] = []
        self._watchers = 0

    @property
    def listeners(self) -> int:
        """How many follow, without those who only watch."""
        return len(self._followers) - self._watchers

    @property
    def is_followed(self) -> bool:
        """Somebody follows, if only to watch."""
        return bool(self._followers)

    def append(self, message: MessageID, emission: Emission) -> None:
        """Add the emission that has `next_offset`."""
        self._log.append((message, emission))
        self.next_offset += 1

    def release(self) -> None:
        """What was appended may be heard."""
        if self.readable == self.next_offset:
            return
        place, self.readable = self.readable, self.next_offset
        if self._followers:
            for portion in self.between(place, self.readable):
                for follower in tuple(self._followers):
                    follower(portion)

    def begin_epoch(self, now_ms: int) -> None:
        """From here on, offsets are given out a second time.

        The epoch is a time, so that it is a new one even where one that began like this was never saved.
        """
        self.epoch_before, self.epoch = self.epoch, max(self.epoch + 1, now_ms)
        self.began = self.next_offset

    def follow(self, follower: Follower, lost: Leave | None = None, *, counts: bool = True) -> Leave:
        """Call `follower` with everything that is heard from now on; what is returned stops that.

        `lost` is called when nothing more will be heard here although the session goes on: it must be found again.
        """
        self._followers.append(follower)
        if not counts:
            self._watchers += 1
        if lost is not None:
            self._lost.append(lost)

        def leave() -> None:
            if follower in self._followers:
                self._followers.remove(follower)
                self._watchers -= not counts
            if lost in self._lost:
                self._lost.remove(lost)

        return leave

    def abandon(self) -> None:
        """Nothing more is heard here."""
        self._followers.clear()
        self._watchers = 0
        waiting, self._lost = self._lost, []
        for lost in waiting:
            lost()

    @property
    def oldest(self) -> int:
        """The first offset that is still in memory."""
        return self.next_offset - len(self._log)

    def between(self, first: int, end: int) -> Sequence[Portion]:
        """Emissions from offset `first` up to `end`, grouped by action. `first` must not be before `oldest`."""
        # Counted from the newest: nearly always it is the last few that are wanted.
        wanted = list(islice(reversed(self._log), self.next_offset - end, self.next_offset - first))
        portions: list[tuple[MessageID, list[Emission]]] = []
        for message, emission in reversed(wanted):
            if portions and portions[-1][0] == message:
                portions[-1][1].append(emission)
            else:
                portions.append((message, [emission]))
        return [Portion(message, emissions) for message, emissions in portions]
