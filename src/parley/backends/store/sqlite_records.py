"""Records in SQLite: a table of records, and one of their aliases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from parley.backends.store.encoding import name_bytes
from parley.backends.store.sqlite_database import Database
from parley.errors import Conflict, Taken
from parley.ports.records import Page, Record

_FIRST = Page(-(2**63), "")
_LAST = Page(2**63 - 1, "\U0010ffff")


class SqliteRecords:
    """Records, in a table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = database.queries

    async def add(self, record: Record) -> None:
        """See `Records.add`."""
        _check(record)
        row = (record.kind, record.id, record.scope, record.place, record.revision, record.data)

        def add(connection: apsw.Connection) -> None:
            try:
                connection.execute(self._queries.add_record, row)
                self._name(connection, record)
            except apsw.ConstraintError as error:
                raise _taken(record) from error

        await self._database.write(add)

    async def save(self, record: Record) -> None:
        """See `Records.save`."""
        _check(record)
        key = (record.kind, record.id)
        row = (record.scope, record.place, record.revision, record.data, *key, record.revision)

        def save(connection: apsw.Connection) -> None:
            connection.execute(self._queries.save_record, row)
            if not connection.changes():
                raise Conflict(f"This {record.kind} has been changed by somebody else meanwhile. Read it again.")
            connection.execute(self._queries.drop_record_aliases, key)
            try:
                self._name(connection, record)
            except apsw.ConstraintError as error:
                raise _taken(record) from error

        await self._database.write(save)

    def _name(self, connection: apsw.Connection, record: Record) -> None:
        for alias in record.aliases:
            connection.execute(self._queries.add_record_alias, (record.kind, alias, record.kind, record.id))

    async def get(self, kind: str, id: str) -> Record | None:
        """See `Records.get`."""
        return self._first(kind, self._database.read(self._queries.get_record, (kind, id)))

    async def find(self, kind: str, alias: str) -> Record | None:
        """See `Records.find`."""
        return self._first(kind, self._database.read(self._queries.find_record, (kind, alias)))

    async def list(
        self, kind: str, scope: str | None, *, after: Page | None = None, at_most: int = 100, newest: bool = False
    ) -> Sequence[Record]:
        """See `Records.list`."""
        place = after or (_LAST if newest else _FIRST)
        queries = self._queries
        if scope is None:
            sql = queries.list_all_newest_records if newest else queries.list_all_records
            rows = self._database.read(sql, (kind, place.place, place.id, at_most))
        else:
            sql = queries.list_newest_records if newest else queries.list_records
            rows = self._database.read(sql, (kind, scope, place.place, place.id, at_most))
        return [self._record(kind, row) for row in rows]

    async def count(self, kind: str, scope: str | None) -> int:
        """See `Records.count`."""
        rows = self._database.read(self._queries.count_records, (kind, scope, scope))
        return int(rows[0][0]) if rows else 0

    async def remove(self, kind: str, id: str) -> bool:
        """See `Records.remove`."""

        def remove(connection: apsw.Connection) -> bool:
            connection.execute(self._queries.drop_record_aliases, (kind, id))
            connection.execute(self._queries.remove_record, (kind, id))
            return bool(connection.changes())

        return bool(await self._database.write(remove))

    def _first(self, kind: str, rows: Sequence[tuple[Any, ...]]) -> Record | None:
        return self._record(kind, rows[0]) if rows else None

    def _record(self, kind: str, row: tuple[Any, ...]) -> Record:
        n, id, scope, place, revision, data = row
        aliases = tuple(alias for (alias,) in self._database.read(self._queries.aliases_of_record, (n,)))
        return Record(kind, id, data, scope, aliases, place, revision)


def _check(record: Record) -> None:
    for text in (record.kind, record.id, record.scope, *record.aliases):
        name_bytes(text, record.kind)


def _taken(record: Record) -> Taken:
    return Taken(f"There is another {record.kind} of this name.")
