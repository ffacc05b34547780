"""How many may have something at once in this process: one client a conversation, so many watchers a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from parley.errors import Busy


class Seats:
    """`at_most` takers a name."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taking(self, name: str) -> Iterator[None]:
        """Have a seat until the block is left. Raises `Busy` when all are taken."""
        if self._taken[name] >= self._at_most:
            raise Busy(f"Taken: at most {self._at_most} at once.", code="taken")
        self._taken[name] += 1
        try:
            yield
        finally:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]
