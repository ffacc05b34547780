"""A timer wheel: who is due when, at one dictionary entry a deadline and no timer each. Knows no clock."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class HasDue(Protocol):
    """Something with one current deadline, in seconds of the caller's clock."""

    @property
    def due(self) -> float: ...


Item = TypeVar("Item", bound=HasDue)


class Deadlines(Generic[Item]):
    """Items in slots of `resolution` seconds. An item that moved its `due` is added again; its old entry is void."""

    __slots__ = ("_resolution", "_slots", "_swept")

    def __init__(self, resolution: float, now: float) -> None:
        self._resolution = resolution
        self._slots: dict[int, list[Item]] = {}
        self._swept = self._slot(now)

    def add(self, item: Item) -> None:
        """Expect `item` at its `due`; a past one is handed out by the next sweep."""
        slot = max(self._slot(item.due), self._swept + 1)
        self._slots.setdefault(slot, []).append(item)

    def sweep(self, now: float) -> Iterator[Item]:
        """Hand out every item whose deadline has passed, at most one `resolution` late."""
        last = self._slot(now) - 1
        for slot in sorted(slot for slot in self._slots if slot <= last):
            self._swept = slot
            for item in self._slots.pop(slot, ()):
                if item.due <= now:
                    yield item
        self._swept = max(self._swept, last)

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def _slot(self, at: float) -> int:
        return int(at / self._resolution)
