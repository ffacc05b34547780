"""Records in this process' memory."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from msgspec.structs import replace

from parley.backends.store.encoding import name_bytes
from parley.errors import Conflict, Taken
from parley.ports.records import Page, Record

_Place = tuple[int, str]


class _Kind:
    """The records of one kind."""

    def __init__(self) -> None:
        self.by_id: dict[str, Record] = {}
        self.aliases: dict[str, str] = {}
        self.places: dict[str | None, list[_Place]] = {}

    def put(self, record: Record) -> None:
        self.by_id[record.id] = record
        self.aliases.update(dict.fromkeys(record.aliases, record.id))
        for scope in (None, record.scope):
            insort(self.places.setdefault(scope, []), (record.place, record.id))

    def take(self, record: Record) -> None:
        del self.by_id[record.id]
        for alias in record.aliases:
            del self.aliases[alias]
        for scope in (None, record.scope):
            self.places[scope].remove((record.place, record.id))

    def is_free(self, record: Record) -> bool:
        return all(self.aliases.get(alias, record.id) == record.id for alias in record.aliases)


class MemoryRecords:
    """Records, in dictionaries."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def _kind(self, kind: str) -> _Kind:
        return self._kinds.setdefault(kind, _Kind())

    async def add(self, record: Record) -> None:
        """See `Records.add`."""
        kept = _kept(record)
        kind = self._kind(record.kind)
        if record.id in kind.by_id or not kind.is_free(record):
            raise Taken(f"There is another {record.kind} of this name.")
        kind.put(kept)

    async def save(self, record: Record) -> None:
        """See `Records.save`."""
        kept = _kept(record)
        kind = self._kind(record.kind)
        before = kind.by_id.get(record.id)
        if before is None or before.revision != record.revision - 1:
            raise Conflict(f"This {record.kind} has been changed by somebody else meanwhile. Read it again.")
        if not kind.is_free(record):
            raise Taken(f"There is another {record.kind} of this name.")
        kind.take(before)
        kind.put(kept)

    async def get(self, kind: str, id: str) -> Record | None:
        """See `Records.get`."""
        return self.kept(kind, id)

    def kept(self, kind: str, id: str) -> Record | None:
        """What `get` answers, for those who cannot wait."""
        return self._kind(kind).by_id.get(id)

    async def find(self, kind: str, alias: str) -> Record | None:
        """See `Records.find`."""
        found = self._kind(kind)
        id = found.aliases.get(alias)
        return None if id is None else found.by_id[id]

    async def list(
        self, kind: str, scope: str | None, *, after: Page | None = None, at_most: int = 100, newest: bool = False
    ) -> Sequence[Record]:
        """See `Records.list`."""
        found = self._kind(kind)
        places = found.places.get(scope, [])
        if after is not None:
            start = (after.place, after.id)
            places = [place for place in places if (place < start if newest else place > start)]
        page = places[: -at_most - 1 : -1] if newest else places[:at_most]
        return [found.by_id[id] for _, id in page]

    async def count(self, kind: str, scope: str | None) -> int:
        """See `Records.count`."""
        return len(self._kind(kind).places.get(scope, ()))

    async def remove(self, kind: str, id: str) -> bool:
        """See `Records.remove`."""
        found = self._kind(kind)
        record = found.by_id.get(id)
        if record is None:
            return False
        found.take(record)
        return True


def _kept(record: Record) -> Record:
    for text in (record.kind, record.id, record.scope, *record.aliases):
        name_bytes(text, record.kind)
    return replace(record, aliases=tuple(sorted(set(record.aliases))))
