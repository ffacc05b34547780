"""Where documents are kept: in the store's SQLite file, or in a database in memory. Knows connections and no documents.

Everything that reads does so in one thread beside the event loop, each time in one snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

import apsw

from parley.backends.store.sqlite_errors import unavailable
from parley.backends.store.sqlite_file import SCHEMA
from parley.errors import StoreUnavailable

T = TypeVar("T")
Use = Callable[[apsw.Connection], T]

_DOCUMENTS = SCHEMA / "0005_documents.sql"


class Shelf(Protocol):
    """Reads and writes by functions of a connection."""

    async def read(self, use: Use[T]) -> T:
        """Run it in one snapshot. Raises `StoreUnavailable`."""
        ...

    async def write(self, use: Use[T]) -> T:
        """Run it whole or not at all, perhaps twice; it is durable afterwards. Raises `StoreUnavailable`."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


class Writes(Protocol):
    """The part of a store's database that is needed here."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    def write(self, write: Callable[[apsw.Connection], Any]) -> Awaitable[Any]:
        """Run it in the transaction of a group."""
        ...


def rows(connection: apsw.Connection, sql: str, *bindings: Any) -> list[tuple[Any, ...]]:
    """All rows that a statement gives."""
    return connection.execute(sql, bindings).fetchall()


class FileShelf:
    """In a store's file: written with everything else, read through a connection of its own."""

    def __init__(self, database: Writes) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, "knowledge")
        self._connection: apsw.Connection | None = None

    async def read(self, use: Use[T]) -> T:
        """See `Shelf.read`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, use)

    async def write(self, use: Use[T]) -> T:
        """See `Shelf.write`."""
        result: T = await self._database.write(use)
        return result

    async def close(self) -> None:
        """See `Shelf.close`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _read(self, use: Use[T]) -> T:
        try:
            if self._connection is None:
                self._connection = apsw.Connection(str(self._database.path), flags=apsw.SQLITE_OPEN_READWRITE)
                self._connection.set_busy_timeout(5000)
                self._connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -16000")
            self._connection.execute("BEGIN")
            try:
                return use(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except apsw.Error as error:
            raise unavailable(self._database.path, error) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class MemoryShelf:
    """In a database of its own in this process' memory. Survives nothing."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "knowledge")
        self._connection: apsw.Connection | None = None

    async def read(self, use: Use[T]) -> T:
        """See `Shelf.read`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, use)

    async def write(self, use: Use[T]) -> T:
        """See `Shelf.write`."""
        return await self.read(use)

    async def close(self) -> None:
        """See `Shelf.close`."""
        self._thread.shutdown()

    def _run(self, use: Use[T]) -> T:
        try:
            if self._connection is None:
                self._connection = apsw.Connection(":memory:")
                self._connection.execute(_DOCUMENTS.read_text("utf-8"))
            self._connection.execute("SAVEPOINT used")
            try:
                result = use(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK TO used; RELEASE used")
                raise
            self._connection.execute("RELEASE used")
            return result
        except apsw.Error as error:
            raise StoreUnavailable(f"The documents in memory cannot be used: {error}.") from error
