"""Programs of agents in SQLite."""

from __future__ import annotations

from parley.backends.store.sqlite_database import Database
from parley.domain.ids import VersionID


class SqliteVersions:
    """Versions, in a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, version: VersionID, program: bytes) -> None:
        """See `Versions.save`."""
        sql = self._database.queries.save_version
        await self._database.write(lambda connection: connection.execute(sql, (version, program)) and None)

    async def load(self, version: VersionID) -> bytes | None:
        """See `Versions.load`."""
        rows = self._database.read(self._database.queries.load_version, (version,))
        return rows[0][0] if rows else None
