"""What waits to be written: changes to sessions, gathered so that a handful of statements write them all.

Within a batch sessions are created first, then saved, then turns written. A change for which that order would differ
from the order of the calls is refused with `fits`, and opens the next batch. Knows no SQL.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Any

import apsw

from parley.backends.store.sqlite_packing import SessionRecord, TurnRow

TurnName = tuple[str, str]
MOST_BYTES = 8 * 1024 * 1024


class Change:
    """One call of the store: what it writes, and who waits for it."""

    __slots__ = ("created", "done", "saved", "turn")

    def __init__(
        self,
        done: Future[None],
        created: SessionRecord | None = None,
        saved: SessionRecord | None = None,
        turn: TurnRow | None = None,
    ) -> None:
        self.done = done
        self.created = created
        self.saved = saved
        self.turn = turn


class Batch:
    """Changes that are written together."""

    __slots__ = ("bytes", "changes", "created", "named", "owners", "saved", "turns")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.created: list[SessionRecord] = []
        self.saved: dict[str, SessionRecord] = {}
        self.turns: dict[TurnName, TurnRow] = {}
        """By session and id. The commit of a turn takes the place of its accept: one row is written, once."""
        self.owners: set[tuple[str, str]] = set()
        """Whose sessions are saved here: another of theirs may only be created after that."""
        self.named: set[str] = set()
        """Sessions that are saved or spoken to here: one of that id may only be created after that."""
        self.bytes = 0

    def takes_session(self, id: str, owner: tuple[str, str]) -> bool:
        """A session can be created here."""
        return self.bytes < MOST_BYTES and owner not in self.owners and id not in self.named

    def takes_turn(self, id: TurnName) -> bool:
        """A turn can be accepted here."""
        return self.bytes < MOST_BYTES and id not in self.turns

    def takes_save(self, id: str) -> bool:
        """A session can be saved here."""
        return self.bytes < MOST_BYTES and id not in self.saved

    def create(self, change: Change, record: SessionRecord) -> None:
        """Add a session."""
        self.changes.append(change)
        self.created.append(record)
        self.bytes += len(record)

    def accept(self, change: Change, id: TurnName, row: TurnRow) -> None:
        """Add an unfinished turn."""
        self.changes.append(change)
        self.turns[id] = row
        self.named.add(id[0])
        self.bytes += len(row)

    def commit(
        self,
        change: Change,
        session: tuple[str, tuple[str, str], SessionRecord],
        turn: tuple[TurnName, TurnRow],
    ) -> None:
        """Save a session and a finished turn."""
        self.changes.append(change)
        id, owner, record = session
        self.saved[id] = record
        self.owners.add(owner)
        self.named.add(id)
        self.turns[turn[0]] = turn[1]
        self.bytes += len(record) + len(turn[1])


class Job:
    """Any other writing: a function of the connection, run inside the group's transaction, perhaps twice."""

    __slots__ = ("done", "write")

    def __init__(self, done: Future[Any], write: Callable[[apsw.Connection], Any]) -> None:
        self.done = done
        self.write = write


Group = list[Batch | Job]
