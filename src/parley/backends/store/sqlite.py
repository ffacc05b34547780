"""A store in one SQLite file: durable when it says so, for one server process. See docs/explanation/storage.md."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from parley.backends.store.encoding import (
    KEY_LIFE_MS,
    asked_bytes,
    is_name,
    minute_of,
    name_bytes,
    said_bytes,
    state_bytes,
    state_from,
    turn_from,
)
from parley.backends.store.sqlite_batch import Change
from parley.backends.store.sqlite_conversations import SqliteConversations
from parley.backends.store.sqlite_database import Database
from parley.backends.store.sqlite_effects import SqliteEffects
from parley.backends.store.sqlite_feedback import SqliteFeedback
from parley.backends.store.sqlite_keyring import SqliteKeyring
from parley.backends.store.sqlite_packing import session_record, turn_row
from parley.backends.store.sqlite_records import SqliteRecords
from parley.backends.store.sqlite_versions import SqliteVersions
from parley.domain.ids import ProjectID, SessionID, TurnID, UserID
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.errors import ParleyError
from parley.ports.clock import Clock


class SqliteStore:
    """Store, Transcripts and Probe in one file, with `versions`, `keyring` and `feedback` beside.

    A server opens it `exclusive`: a second one is refused. Command-line tools that write a row do not, and work
    beside the server. Everything runs on the event loop that called `open`.
    """

    def __init__(self, path: Path, *, clock: Clock, exclusive: bool = True, busy_timeout: float = 5.0) -> None:
        self._database = Database(path, exclusive=exclusive, busy_timeout=busy_timeout)
        self.database = self._database
        """The file, for what keeps tables of its own in it."""
        self._queries = self._database.queries
        self._clock = clock
        self._new_future = _unopened
        self.versions = SqliteVersions(self._database)
        self.keyring = SqliteKeyring(self._database)
        self.feedback = SqliteFeedback(self._database)
        self.effects = SqliteEffects(self._database)
        self.records = SqliteRecords(self._database)
        self.conversations = SqliteConversations(self._database)

    async def open(self) -> None:
        """Open or make the file. Raises `StoreUnavailable` saying what to do."""
        await self._database.open()
        self._new_future = asyncio.get_running_loop().create_future

    async def close(self) -> None:
        """Write all that waits and close the file."""
        await self._database.close()

    async def backup(self, to: Path) -> None:
        """Copy the store to a file that does not exist yet, while it is in use."""
        await self._database.copy(to)

    async def check(self) -> None:
        """Write and sync a row. See `Probe.check`."""
        sql = self._queries.probe
        await self._database.write(lambda connection: connection.execute(sql) and None)

    def create(self, state: SessionState) -> Future[None]:
        """See `Store.create`."""
        done = self._new_future()
        owner = (state.project, state.user)
        try:
            record = _packed(state)
            batch = self._database.batch(lambda batch: batch.takes_session(state.id, owner))
            batch.create(Change(done, created=record), record)
        except ParleyError as error:
            _fail(done, error)
        return done

    def accept(self, turn: TurnRecord) -> Future[None]:
        """See `Store.accept`."""
        done = self._new_future()
        try:
            row = _row(turn)
            name = (turn.session, turn.id)
            self._database.batch(lambda batch: batch.takes_turn(name)).accept(Change(done, turn=row), name, row)
        except ParleyError as error:
            _fail(done, error)
        return done

    def commit(self, state: SessionState, turn: TurnRecord) -> Future[None]:
        """See `Store.commit`."""
        done = self._new_future()
        try:
            record, row = _packed(state), _row(turn)
            batch = self._database.batch(lambda batch: batch.takes_save(state.id))
            change = Change(done, saved=record, turn=row)
            batch.commit(change, (state.id, (state.project, state.user), record), ((turn.session, turn.id), row))
        except ParleyError as error:
            _fail(done, error)
        return done

    async def load(self, session: SessionID) -> SessionState | None:
        """See `Store.load`."""
        rows = self._read(self._queries.load, session)
        return state_from(rows[0][0]) if rows else None

    async def latest(self, project: ProjectID, user: UserID) -> SessionState | None:
        """See `Store.latest`."""
        rows = self._read(self._queries.latest, project, user)
        return state_from(rows[0][0]) if rows else None

    async def forget(self, project: ProjectID, user: UserID) -> None:
        """See `Store.forget`."""
        if not is_name(project) or not is_name(user):
            return

        def forget(connection: apsw.Connection) -> None:
            connection.execute(self._queries.forget_effects, (project, user))
            connection.execute(self._queries.forget_turns, (project, user))
            connection.execute(self._queries.forget_sessions, (project, user))
            connection.execute(self._queries.forget_feedback, (project, user))

        await self._database.write(forget)

    async def expired(self, now_ms: int, at_most: int) -> Sequence[SessionID]:
        """See `Store.expired`."""
        return [SessionID(id) for (id,) in self._read(self._queries.expired, now_ms // 60_000, at_most)]

    async def turn(self, session: SessionID, *, id: TurnID | None = None, key: str | None = None) -> TurnRecord | None:
        """See `Transcripts.turn`."""
        if key is not None:
            oldest = self._clock.now_ms() - KEY_LIFE_MS
            rows = self._read(self._queries.turn_by_name, session, f"={key}", oldest)
        else:
            rows = self._read(self._queries.turn_by_id, session, id)
        return turn_from(session, *rows[0]) if rows else None

    async def turns(self, session: SessionID, *, after: int = 0, at_most: int = 1000) -> Sequence[TurnRecord]:
        """See `Transcripts.turns`."""
        return [turn_from(session, *row) for row in self._read(self._queries.turns, session, after, at_most)]

    async def page(self, session: SessionID, since: TurnID | None, at_most: int) -> Sequence[TurnRecord]:
        """See `Transcripts.page`."""
        return [turn_from(session, *row) for row in self._read(self._queries.page_of_turns, since, session, at_most)]

    def _read(self, sql: str, *bindings: Any) -> list[tuple[Any, ...]]:
        return self._database.read(sql, bindings)


def _packed(state: SessionState) -> bytes:
    return session_record(
        name_bytes(state.id, "sessionID"),
        name_bytes(state.project, "projectID"),
        name_bytes(state.user, "userID"),
        state.revision,
        (state.ended or "").encode(),
        minute_of(state.expires_at),
        state_bytes(state),
    )


def _row(turn: TurnRecord) -> bytes:
    said = turn.said
    return turn_row(
        turn.session.encode(),
        turn.id.encode(),
        b"#" + turn.id.encode() if turn.key is None else b"=" + name_bytes(turn.key, "key"),
        turn.accepted_at,
        said[0].offset if said else -1,
        said[-1].offset if said else -1,
        asked_bytes(turn),
        b"" if said is None else said_bytes(said),
    )


def _fail(done: Future[None], error: ParleyError) -> None:
    done.set_exception(error)
    done.exception()


def _unopened() -> Future[None]:
    return asyncio.get_running_loop().create_future()
