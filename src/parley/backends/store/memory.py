"""A store in this process' memory: for development, tests and throw-away agents. Survives nothing.

Keeps encoded bytes, never live objects, so what it returns is always the caller's own. What was said is kept up to
`keep_bytes` in all; beyond it the oldest finished turns go, and ended sessions with their last turn.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import takewhile

from parley.backends.store.encoding import (
    KEY_LIFE_MS,
    asked_bytes,
    minute_of,
    name_bytes,
    said_bytes,
    state_bytes,
    state_from,
    turn_from,
)
from parley.backends.store.memory_conversations import MemoryConversations
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.store.memory_feedback import MemoryFeedback
from parley.backends.store.memory_keyring import MemoryKeyring
from parley.backends.store.memory_records import MemoryRecords
from parley.backends.store.memory_versions import MemoryVersions
from parley.domain.ids import ProjectID, SessionID, TurnID, UserID
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.errors import Conflict, ParleyError
from parley.ports.clock import Clock

Owner = tuple[str, str]
TURN_OVERHEAD = 500
"""What a kept turn costs beside its bytes, roughly."""


class _Session:
    __slots__ = ("data", "keys", "minute", "owner", "revision", "turns")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.data = b""
        self.revision = 0
        self.minute: int | None = None
        self.turns: dict[str, _Turn] = {}
        self.keys: dict[str, tuple[str, int]] = {}


class _Turn:
    __slots__ = ("asked", "key", "last", "said")

    def __init__(self, asked: bytes, key: str | None) -> None:
        self.asked = asked
        self.key = key
        self.said: bytes | None = None
        self.last = 0


class MemoryStore:
    """Store, Transcripts and Probe in one process' memory, with `versions`, `keyring`, `feedback`, `effects`."""

    def __init__(self, *, clock: Clock, keep_bytes: int = 256 * 1024 * 1024) -> None:
        self.versions = MemoryVersions()
        self.keyring = MemoryKeyring()
        self.feedback = MemoryFeedback()
        self.effects = MemoryEffects()
        self.records = MemoryRecords()
        self.conversations = MemoryConversations(self._newest_first, self.records)
        self._clock = clock
        self._room = keep_bytes
        self._sessions: dict[str, _Session] = {}
        self._owned: dict[Owner, list[str]] = {}
        self._live: dict[Owner, str] = {}
        self._minutes: dict[int, dict[str, None]] = {}
        self._finished: deque[tuple[_Session, str, str]] = deque()
        self._done: Future[None] | None = None

    def _newest_first(self) -> Iterator[SessionState]:
        return (state_from(session.data) for session in reversed(self._sessions.values()))

    async def open(self) -> None:
        """Nothing to open: as every store."""

    async def close(self) -> None:
        """Nothing to close: as every store."""

    async def check(self) -> None:
        """Memory can always be written."""

    def create(self, state: SessionState) -> Future[None]:
        """See `Store.create`."""
        owner = (state.project, state.user)
        try:
            name_bytes(state.user, "userID")
            name_bytes(state.project, "projectID")
            data = state_bytes(state)
            if state.id in self._sessions or (state.ended is None and owner in self._live):
                raise Conflict("This user already has a session that has not ended.")
        except ParleyError as error:
            return _failed(error)
        session = _Session(owner)
        self._sessions[state.id] = session
        self._owned.setdefault(owner, []).append(state.id)
        self._keep(session, state, data)
        return self._succeeded()

    async def load(self, session: SessionID) -> SessionState | None:
        """See `Store.load`."""
        kept = self._sessions.get(session)
        return None if kept is None else state_from(kept.data)

    async def latest(self, project: ProjectID, user: UserID) -> SessionState | None:
        """See `Store.latest`."""
        owned = self._owned.get((project, user))
        return None if not owned else state_from(self._sessions[owned[-1]].data)

    def accept(self, turn: TurnRecord) -> Future[None]:
        """See `Store.accept`."""
        try:
            if turn.key is not None:
                name_bytes(turn.key, "key")
            asked = asked_bytes(turn)
            session = self._sessions.get(turn.session)
            if session is None:
                raise Conflict("There is no such session.")
            if turn.id in session.turns:
                raise Conflict("This turn has been accepted before.")
            self._add(session, turn, asked)
        except ParleyError as error:
            return _failed(error)
        return self._succeeded()

    def commit(self, state: SessionState, turn: TurnRecord) -> Future[None]:
        """See `Store.commit`."""
        session = self._sessions.get(state.id)
        try:
            data, said = state_bytes(state), said_bytes(turn.said or ())
            if session is None or session.revision != state.revision - 1:
                raise Conflict("Another owner has saved this session since it was read.")
            if state.ended is None and self._live.get(session.owner, state.id) != state.id:
                raise Conflict("This user already has a session that has not ended.")
            self._finish(session, turn, said)
        except ParleyError as error:
            return _failed(error)
        self._keep(session, state, data)
        if self._room < 0:
            self._make_room()
        return self._succeeded()

    async def forget(self, project: ProjectID, user: UserID) -> None:
        """See `Store.forget`."""
        for id in list(self._owned.get((project, user), ())):
            session = self._sessions[id]
            for turn in session.turns.values():
                self._room += _weight(turn)
            session.turns.clear()
            self._drop(id, session)
            self.effects.forget(SessionID(id))
        await self.feedback.forget(project, user)

    async def expired(self, now_ms: int, at_most: int) -> Sequence[SessionID]:
        """See `Store.expired`."""
        found: list[SessionID] = []
        for minute in sorted(minute for minute in self._minutes if minute <= now_ms // 60_000):
            found += [SessionID(id) for id in self._minutes[minute]]
            if len(found) >= at_most:
                break
        return found[:at_most]

    async def turn(self, session: SessionID, *, id: TurnID | None = None, key: str | None = None) -> TurnRecord | None:
        """See `Transcripts.turn`."""
        kept = self._sessions.get(session)
        if kept is None:
            return None
        if key is not None:
            known, accepted_at = kept.keys.get(key, ("", 0))
            id = TurnID(known) if accepted_at > self._clock.now_ms() - KEY_LIFE_MS else None
        turn = kept.turns.get(id or "")
        return None if turn is None else turn_from(session, id or "", turn.asked, turn.said)

    async def turns(self, session: SessionID, *, after: int = 0, at_most: int = 1000) -> Sequence[TurnRecord]:
        """See `Transcripts.turns`."""
        kept = self._sessions.get(session)
        if kept is None:
            return ()
        found = [(id, turn) for id, turn in kept.turns.items() if turn.said is None or turn.last > after]
        return [turn_from(session, id, turn.asked, turn.said) for id, turn in found[:at_most]]

    async def page(self, session: SessionID, since: TurnID | None, at_most: int) -> Sequence[TurnRecord]:
        """See `Transcripts.page`."""
        kept = self._sessions.get(session)
        if kept is None:
            return ()
        # From the end: the turn itself may have been let go.
        ids = list(takewhile(lambda id: id != since, reversed(kept.turns)))
        found = ((id, kept.turns[id]) for id in ids[: -at_most - 1 : -1])
        return [turn_from(session, id, turn.asked, turn.said) for id, turn in found]

    def _add(self, session: _Session, turn: TurnRecord, asked: bytes) -> _Turn:
        if turn.key is not None:
            known = session.keys.get(turn.key)
            if known is not None and known[1] > turn.accepted_at - KEY_LIFE_MS:
                raise Conflict("This session has a turn with this key.")
            session.keys[turn.key] = (turn.id, turn.accepted_at)
        added = session.turns[turn.id] = _Turn(asked, turn.key)
        self._room -= len(asked) + TURN_OVERHEAD
        return added

    def _finish(self, session: _Session, turn: TurnRecord, said: bytes) -> None:
        kept = session.turns.get(turn.id)
        if kept is None:
            if turn.key is not None:
                name_bytes(turn.key, "key")
            kept = self._add(session, turn, asked_bytes(turn))
        elif kept.said is not None:
            raise Conflict("This turn has been saved before.")
        else:
            asked = asked_bytes(turn)
            self._room += len(kept.asked) - len(asked)
            kept.asked = asked
        kept.said = said
        kept.last = turn.said[-1].offset if turn.said else 0
        self._room -= len(said)
        self._finished.append((session, turn.session, turn.id))

    def _keep(self, session: _Session, state: SessionState, data: bytes) -> None:
        session.data = data
        session.revision = state.revision
        if state.ended is None:
            self._live[session.owner] = state.id
        elif self._live.get(session.owner) == state.id:
            del self._live[session.owner]
        minute = minute_of(state.expires_at) if state.ended is None else None
        if minute != session.minute:
            self._move(state.id, session, minute)

    def _move(self, id: str, session: _Session, minute: int | None) -> None:
        if session.minute is not None:
            old = self._minutes[session.minute]
            del old[id]
            if not old:
                del self._minutes[session.minute]
        if minute is not None:
            self._minutes.setdefault(minute, {})[id] = None
        session.minute = minute

    def _make_room(self) -> None:
        while self._room < 0 and self._finished:
            session, id, turn_id = self._finished.popleft()
            turn = session.turns.pop(turn_id, None)
            if turn is None:
                continue
            self._room += _weight(turn)
            if turn.key is not None and session.keys.get(turn.key, ("", 0))[0] == turn_id:
                del session.keys[turn.key]
            if not session.turns and self._live.get(session.owner) != id and id in self._sessions:
                self._drop(id, session)

    def _drop(self, id: str, session: _Session) -> None:
        del self._sessions[id]
        self._move(id, session, None)
        if self._live.get(session.owner) == id:
            del self._live[session.owner]
        owned = self._owned[session.owner]
        owned.remove(id)
        if not owned:
            del self._owned[session.owner]

    def _succeeded(self) -> Future[None]:
        done = self._done
        if done is None:
            done = self._done = asyncio.get_running_loop().create_future()
            done.set_result(None)
        return done


def _weight(turn: _Turn) -> int:
    return len(turn.asked) + len(turn.said or b"") + TURN_OVERHEAD


def _failed(error: ParleyError) -> Future[None]:
    future = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    future.exception()
    return future
