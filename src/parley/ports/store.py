"""Where sessions live: what has been accepted and said is here before anyone is told.

Order: `create`, `accept` and `commit` take effect in the order of the calls (not of the awaits), so several may be
asked for and awaited later. Atomicity: each call is all or nothing. Durability: a future that is done means the data
survives a crash of the process and of the machine (the memory store: of neither). Errors: `StoreUnavailable`
when nothing could be saved; a failed call leaves what was there before.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from typing import Protocol

from parley.domain.ids import ProjectID, SessionID, UserID
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord


class Store(Protocol):
    """Sessions and their unfinished turns."""

    def create(self, state: SessionState) -> Future[None]:
        """Add a session. Raises `Conflict` when the user already has one in this project that has not ended."""
        ...

    async def load(self, session: SessionID) -> SessionState | None:
        """The session as last committed, None if there is none."""
        ...

    async def latest(self, project: ProjectID, user: UserID) -> SessionState | None:
        """The user's newest session in this project, ended or not."""
        ...

    def accept(self, turn: TurnRecord) -> Future[None]:
        """Record an unfinished turn. Raises `Conflict` when the session has a turn with the same `key`."""
        ...

    def commit(self, state: SessionState, turn: TurnRecord) -> Future[None]:
        """Save the session and a finished turn (`said` is set) together; the turn need not have been accepted before.

        `state.revision` is the new one, one more than that which was loaded. Raises `Conflict` when another owner
        has committed since, or when the session does not exist. Both arguments are read before the call returns.
        """
        ...

    async def forget(self, project: ProjectID, user: UserID) -> None:
        """Delete all sessions of this user in this project, with their turns."""
        ...

    async def expired(self, now_ms: int, at_most: int) -> Sequence[SessionID]:
        """Sessions that have not ended and whose `expires_at` is at or before `now_ms`, oldest first.

        May be late by up to a minute: an index that moves once a minute is cheaper than one that moves every turn.
        """
        ...
