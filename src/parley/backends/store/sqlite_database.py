"""One open database file: a connection that reads on the event loop, and a thread that writes. Knows no table."""

from __future__ import annotations

import asyncio
import os
from asyncio import Future
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from parley.backends.store.sqlite_batch import Batch
from parley.backends.store.sqlite_errors import unavailable
from parley.backends.store.sqlite_file import Identity, identity, open_reader, open_writer, released
from parley.backends.store.sqlite_group import GroupWriter
from parley.backends.store.sqlite_queries import Queries
from parley.backends.store.sqlite_writer import Writer
from parley.errors import StoreUnavailable

Functions = Mapping[str, Callable[..., Any]]


class Database:
    """The file at `path`. `exclusive` refuses a second exclusive opener, in this process or another."""

    def __init__(self, path: Path, *, exclusive: bool, busy_timeout: float) -> None:
        self.path = path.absolute()
        self.queries = Queries()
        self._exclusive = exclusive
        self._busy_timeout = busy_timeout
        self._reader: apsw.Connection | None = None
        self._writer: Writer | None = None
        self._held: Identity = None

    async def open(self) -> None:
        """Open it. Raises `StoreUnavailable`."""
        connection = open_writer(self.path, exclusive=self._exclusive, busy_timeout=self._busy_timeout)
        self._held = identity(self.path) if self._exclusive else None
        self._reader = open_reader(self.path, busy_timeout=self._busy_timeout)
        group_writer = GroupWriter(connection, self.path, self.queries)
        self._writer = Writer(group_writer, asyncio.get_running_loop(), f"writer of {self.path.name}")

    async def close(self) -> None:
        """Write all that waits and close the file. Closing twice is fine."""
        reader, writer = self._reader, self._writer
        self._reader = self._writer = None
        if reader is not None:
            reader.close()
        if writer is not None:
            await writer.close()
            released(self._held)

    def batch(self, fits: Callable[[Batch], bool]) -> Batch:
        """See `Writer.batch`."""
        return self._opened_writer.batch(fits)

    def write(self, write: Callable[[apsw.Connection], Any]) -> Future[Any]:
        """See `Writer.job`."""
        return self._opened_writer.job(write)

    def read(self, sql: str, bindings: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """All rows, as of the last write that was reported. Never leaves a snapshot open."""
        if self._reader is None:
            raise StoreUnavailable("The store is not open.")
        try:
            return self._reader.execute(sql, bindings).fetchall()
        except UnicodeEncodeError:  # a lone surrogate: nothing is kept under such a name
            return []
        except apsw.Error as error:
            raise unavailable(self.path, error) from error

    async def search(self, sql: str, bindings: tuple[Any, ...], functions: Functions) -> list[tuple[Any, ...]]:
        """All rows of what may take long, read while the event loop goes on. SQL may call these functions."""
        if self._reader is None:
            raise StoreUnavailable("The store is not open.")
        return await asyncio.to_thread(self._search, sql, bindings, functions)

    def _search(self, sql: str, bindings: tuple[Any, ...], functions: Functions) -> list[tuple[Any, ...]]:
        connection = open_reader(self.path, busy_timeout=self._busy_timeout)
        try:
            for name, function in functions.items():
                connection.create_scalar_function(name, function, deterministic=True)
            return connection.execute(sql, bindings).fetchall()
        except UnicodeEncodeError:  # as in `read`
            return []
        except apsw.Error as error:
            raise unavailable(self.path, error) from error
        finally:
            connection.close()

    async def copy(self, to: Path) -> None:
        """A consistent copy while the store is in use; `to` appears only when it is whole."""
        if to.exists():
            raise StoreUnavailable(f"{to} exists already. Choose another name for the copy.")
        await asyncio.to_thread(self._copy, to)

    def _copy(self, to: Path) -> None:
        part = to.with_name(f"{to.name}.part")
        try:
            part.unlink(missing_ok=True)
            source = open_reader(self.path, busy_timeout=self._busy_timeout)
            try:
                source.execute("PRAGMA query_only = OFF")
                source.execute("VACUUM INTO ?", (str(part),))
            finally:
                source.close()
            _sync(part)
            part.rename(to)
            _sync(to.parent)
        except apsw.Error as error:
            part.unlink(missing_ok=True)
            raise StoreUnavailable(f"The copy {to} could not be written: {error}.") from error
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise StoreUnavailable(f"The copy {to} could not be written: {error.strerror or error}.") from error

    @property
    def _opened_writer(self) -> Writer:
        if self._writer is None:
            raise StoreUnavailable("The store is not open.")
        return self._writer


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
