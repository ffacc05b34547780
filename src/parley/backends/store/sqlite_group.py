"""A group written in one transaction: at once where all goes well, change by change where something does not."""

from __future__ import annotations

from asyncio import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from parley.backends.store.sqlite_batch import Change, Group, Job
from parley.backends.store.sqlite_errors import unavailable
from parley.backends.store.sqlite_file import identity
from parley.backends.store.sqlite_queries import Queries
from parley.errors import Conflict, InvalidInput, ParleyError, StoreUnavailable

Told = tuple[Future[Any], Any, ParleyError | None]
"""Who waits, what they get, or the error they get."""

_UNFIT = (UnicodeError, OverflowError, TypeError)


class GroupWriter:
    """Writes groups over one connection, in whichever thread it is called."""

    def __init__(self, connection: apsw.Connection, path: Path, queries: Queries) -> None:
        self._connection = connection
        self._path = path
        self._identity = identity(path)
        self._queries = queries
        self._execute = connection.execute

    def write(self, group: Group) -> list[Told]:
        """Write it durably. What fails is told, never raised."""
        try:
            if identity(self._path) != self._identity:
                raise StoreUnavailable(f"The data file {self._path} was moved or replaced. Restart the server.")
            try:
                return self._at_once(group)
            except apsw.BusyError:
                raise
            except (apsw.Error, Conflict, *_UNFIT):
                self._roll_back()
                return self._one_by_one(group)
        except apsw.Error as error:
            self._roll_back()
            failure: ParleyError = unavailable(self._path, error)
            failure.__cause__ = error
        except StoreUnavailable as error:
            failure = error
        return [(done, None, failure) for done in waiting(group)]

    def close(self) -> None:
        """Fold the log into the file and close it. Where that cannot be done, the next start does it."""
        with suppress(apsw.Error):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        with suppress(apsw.Error):
            self._connection.close()

    def _at_once(self, group: Group) -> list[Told]:
        told: list[Told] = []
        self._execute("BEGIN IMMEDIATE")
        for entry in group:
            if isinstance(entry, Job):
                told.append((entry.done, entry.write(self._connection), None))
            else:
                self._apply(tuple(entry.created), tuple(entry.saved.values()), tuple(entry.turns.values()))
                told += [(change.done, None, None) for change in entry.changes]
        self._execute("COMMIT")
        return told

    def _one_by_one(self, group: Group) -> list[Told]:
        told: list[Told] = []
        self._execute("BEGIN IMMEDIATE")
        for entry in group:
            for part in [entry] if isinstance(entry, Job) else entry.changes:
                told.append(self._alone(part))
        self._execute("COMMIT")
        return told

    def _alone(self, part: Change | Job) -> Told:
        self._execute("SAVEPOINT one")
        result: Any = None
        failure: ParleyError | None = None
        try:
            if isinstance(part, Job):
                result = part.write(self._connection)
            else:
                if part.turn is not None:
                    self._execute(self._queries.release, (apsw.carray((part.turn,)),))
                self._apply(_tuple(part.created), _tuple(part.saved), _tuple(part.turn))
        except Conflict as error:
            failure = error
        except apsw.ConstraintError as error:
            failure = Conflict(_reason(part))
            failure.__cause__ = error
        except _UNFIT as error:
            failure = InvalidInput(f"This cannot be kept: {error}")
        except apsw.Error as error:
            if not self._connection.in_transaction:
                raise
            failure = unavailable(self._path, error)
            failure.__cause__ = error
        if failure is not None:
            self._execute("ROLLBACK TO one")
        self._execute("RELEASE one")
        return part.done, result, failure

    def _apply(self, created: tuple[bytes, ...], saved: tuple[bytes, ...], turns: tuple[bytes, ...]) -> None:
        if created:
            self._execute(self._queries.create, (apsw.carray(created),))
        if saved:
            self._execute(self._queries.save, (apsw.carray(saved),))
            if self._connection.changes() != len(saved):
                raise Conflict("Another owner has saved this session since it was read.")
            self._execute(self._queries.mark, (apsw.carray(saved),))
        if turns:
            self._execute(self._queries.say, (apsw.carray(turns),))
            if self._connection.changes() != len(turns):
                raise Conflict("There is no such session, or this turn has been saved before.")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(apsw.Error):
                self._execute("ROLLBACK")


def waiting(group: Group) -> list[Future[Any]]:
    """Who waits for this group."""
    found: list[Future[Any]] = []
    for entry in group:
        found += [entry.done] if isinstance(entry, Job) else [change.done for change in entry.changes]
    return found


def _tuple(record: bytes | None) -> tuple[bytes, ...]:
    return () if record is None else (record,)


def _reason(part: Change | Job) -> str:
    if isinstance(part, Change) and part.turn is not None:
        return "This session has a turn with this key."
    return "This user already has a session that has not ended."
