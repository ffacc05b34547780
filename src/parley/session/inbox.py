"""The actions of one session that wait for their turn, in order."""

from __future__ import annotations

from collections import deque
from itertools import takewhile

from parley.domain.actions import Injected
from parley.errors import Busy
from parley.session.answer import Answer


class Inbox:
    """Bounded by a count (decisions, "Concurrency")."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[Answer] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def check_room(self, most: int) -> None:
        """Raises `Busy` when `most` already wait. What was injected takes nobody's place."""
        if len(self._waiting) >= most and sum(not isinstance(a.action, Injected) for a in self._waiting) >= most:
            raise Busy(f"{most} actions already wait for this session. Wait for a turn to complete, then send again.")

    def put(self, answer: Answer) -> None:
        """Add one at the end."""
        self._waiting.append(answer)

    def put_first(self, answer: Answer) -> None:
        """Add one before all others."""
        self._waiting.appendleft(answer)

    def take(self) -> Answer:
        """The next one. Raises `IndexError` when there is none."""
        return self._waiting.popleft()

    @property
    def gathers(self) -> bool:
        """The next one is a text that becomes one action with those right behind it."""
        return bool(self._waiting) and self._waiting[0].quiet_ms is not None

    def gathered(self) -> list[Answer]:
        """The texts at the front that become one action."""
        return list(takewhile(lambda answer: answer.quiet_ms is not None, self._waiting))

    def quiet_left(self, now_ms: int) -> int:
        """Milliseconds in which another text may join those at the front; 0 where something else comes next."""
        gathered = self.gathered()
        if not gathered or len(gathered) < len(self._waiting):
            return 0
        last = gathered[-1]
        return max(0, last.record.accepted_at + (last.quiet_ms or 0) - now_ms)

    def clear(self) -> list[Answer]:
        """Take all."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def waiting(self) -> list[Answer]:
        """Those that wait, next first."""
        return list(self._waiting)
