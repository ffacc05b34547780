"""Sessions as a list, from SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from parley.backends.store.encoding import state_from
from parley.backends.store.sqlite_database import Database
from parley.domain.state import SessionState
from parley.domain.transcript_property import GIVEN, PROPERTIES, Filter, all_fit, given_in
from parley.ports.conversations import Wanted


class SqliteConversations:
    """Lists the rows of the sessions' table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, wanted: Wanted, *, at_most: int = 100, skipped: int = 0) -> Sequence[SessionState]:
        """See `Conversations.list`."""
        rows = await self._found(self._database.queries.list_sessions, wanted, at_most, skipped)
        return [state_from(state) for (state,) in rows]

    async def count(self, wanted: Wanted) -> int:
        """See `Conversations.count`."""
        rows = await self._found(self._database.queries.count_sessions, wanted)
        return int(rows[0][0]) if rows else 0

    async def _found(self, sql: str, wanted: Wanted, *page: int) -> Sequence[tuple[Any, ...]]:
        marked = (bool(wanted.filters), f"$.storage.{PROPERTIES}", GIVEN)
        functions = {"is_marked": _Marked(wanted.filters)}
        return await self._database.search(sql, (*_asked(wanted), *marked, *page), functions)


class _Marked:
    """Called with what the agent set and with what was given, each as JSON or NULL."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = filters

    def __call__(self, set_in_talk: str | None, given: bytes | None) -> bool:
        known = None if set_in_talk is None else msgspec.json.decode(set_in_talk)
        return all_fit(self._filters, {} if given is None else given_in(given), known)


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
        wanted.user,
        *(None if each is None else _json(each) for each in (wanted.endings, wanted.other_endings)),
    )
    return (_json(wanted.projects), *(value for value in asked for _ in range(2)))


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()
