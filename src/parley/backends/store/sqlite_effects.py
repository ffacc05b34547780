"""The ledger of effects in SQLite."""

from __future__ import annotations

import apsw

from parley.backends.store.sqlite_database import Database
from parley.domain.ids import SessionID, TurnID
from parley.ports.effects import Effect, EffectName


class SqliteEffects:
    """Effects, in a table. What is begun and finished is written with the turns of the same moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """See `Effects.begin`."""
        queries, key = self._database.queries, (name.session, name.turn, name.effect)

        def begin(connection: apsw.Connection) -> Effect | None:
            for row in connection.execute(queries.find_effect, key):
                return Effect(*row)
            connection.execute(queries.begin_effect, (*key, asked))
            return None

        known: Effect | None = await self._database.write(begin)
        return known

    async def find(self, name: EffectName) -> Effect | None:
        """See `Effects.find`."""
        rows = self._database.read(self._database.queries.find_effect, (name.session, name.turn, name.effect))
        return Effect(*rows[0]) if rows else None

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """See `Effects.finish`."""
        sql, row = self._database.queries.finish_effect, (name.session, name.turn, name.effect, effect.asked)
        await self._database.write(lambda connection: connection.execute(sql, (*row, effect.outcome)) and None)

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """See `Effects.settle`."""
        sql = self._database.queries.settle_effects
        await self._database.write(lambda connection: connection.execute(sql, (session, turn)) and None)
