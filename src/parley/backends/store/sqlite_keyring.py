"""API keys and secrets in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from parley.backends.store.sqlite_database import Database
from parley.ports.keyring import KeyRecord


class SqliteKeyring:
    """Keyring, in two tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: KeyRecord) -> None:
        """See `Keyring.add`."""
        row = (key.id, key.digest, key.label, key.project, key.created_at, key.revoked_at)
        sql = self._database.queries.add_key
        await self._database.write(lambda connection: connection.execute(sql, row) and None)

    async def find(self, digest: str) -> KeyRecord | None:
        """See `Keyring.find`."""
        rows = self._database.read(self._database.queries.find_key, (digest,))
        return KeyRecord(*rows[0]) if rows else None

    async def list(self) -> Sequence[KeyRecord]:
        """See `Keyring.list`."""
        return [KeyRecord(*row) for row in self._database.read(self._database.queries.list_keys, ())]

    async def revoke(self, id: str, at_ms: int) -> bool:
        """See `Keyring.revoke`."""
        sql = self._database.queries.revoke_key

        def revoke(connection: apsw.Connection) -> bool:
            connection.execute(sql, (at_ms, id))
            return connection.changes() > 0

        return bool(await self._database.write(revoke))

    async def secret(self, name: str, fresh: str) -> str:
        """See `Keyring.secret`."""
        queries = self._database.queries

        def secret(connection: apsw.Connection) -> str:
            connection.execute(queries.add_secret, (name, fresh))
            return str(connection.execute(queries.find_secret, (name,)).get)

        return str(await self._database.write(secret))
