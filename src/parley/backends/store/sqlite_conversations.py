"""Sessions as a list, from SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from parley.backends.store.encoding import state_from
from parley.backends.store.sqlite_database import Database
from parley.domain.state import SessionState
from parley.ports.conversations import Wanted


class SqliteConversations:
    """Lists the rows of the sessions' table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, wanted: Wanted, *, at_most: int = 100, skipped: int = 0) -> Sequence[SessionState]:
        """See `Conversations.list`."""
        sql = self._database.queries.list_sessions
        rows = self._database.read(sql, (*_asked(wanted), at_most, skipped))
        return [state_from(state) for (state,) in rows]

    async def count(self, wanted: Wanted) -> int:
        """See `Conversations.count`."""
        rows = self._database.read(self._database.queries.count_sessions, _asked(wanted))
        return int(rows[0][0])


def _asked(wanted: Wanted) -> tuple[Any, ...]:
    asked = (
        wanted.is_live,
        wanted.channel,
        wanted.entity,
        wanted.environment,
        wanted.is_draft,
        wanted.since,
        wanted.until,
        wanted.session,
    )
    return (msgspec.json.encode(wanted.projects).decode(), *(value for value in asked for _ in range(2)))
