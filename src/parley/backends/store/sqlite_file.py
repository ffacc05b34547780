"""The database file: opened, checked, brought to this version's schema, and held against a second server."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import apsw

from parley.backends.store.sqlite_errors import unavailable
from parley.errors import StoreUnavailable

if sys.platform != "win32":  # which has no flock: there a second server is not refused
    import fcntl

SCHEMA = Path(__file__).with_name("sqlite_schema")
CHEAP_CHECK_BYTES = 16 * 1024 * 1024
CHECKPOINT_PAGES = 2000
WAL_LIMIT_BYTES = 64 * 1024 * 1024

Identity = tuple[int, int] | None

_held: set[Identity] = set()
"""What this process holds exclusively. Process-wide like the locks themselves: a file lock of the operating system
cannot be relied on between two connections of one process, for which SQLite may use the same descriptor."""

PRAGMAS = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = FAST;
PRAGMA journal_size_limit = {WAL_LIMIT_BYTES};
PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
PRAGMA cache_size = -16000;
"""


def open_writer(path: Path, *, exclusive: bool, busy_timeout: float) -> apsw.Connection:
    """A connection that may write, to a file that is sound and has this version's schema."""
    _make_room_for(path)
    if exclusive and identity(path) in _held:
        raise _in_use(path)
    connection = None
    try:
        before = _descriptors_of(path)
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(round(busy_timeout * 1000))
        if connection.readonly("main"):
            raise apsw.ReadOnlyError("opened read-only")
        if exclusive:
            _hold(path, before)
        _prepare(connection, path, exclusive=exclusive)
        if exclusive:
            _held.add(identity(path))
    except apsw.Error as error:
        _close(connection)
        raise unavailable(path, error) from error
    except StoreUnavailable:
        _close(connection)
        raise
    return connection


def open_reader(path: Path, *, busy_timeout: float) -> apsw.Connection:
    """A connection for point reads."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(round(busy_timeout * 1000))
        connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -8000")
    except apsw.Error as error:
        raise unavailable(path, error) from error
    return connection


def released(identity: Identity) -> None:
    """The exclusive connection to this file is closed."""
    _held.discard(identity)


def identity(path: Path) -> Identity:
    """What tells this file from another one put in its place; None when it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make_room_for(path: Path) -> None:
    if path.is_dir():
        raise StoreUnavailable(f"The data file {path} is a directory. Name a file in it, such as {path / 'data.db'}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnavailable(
            f"The data file {path} cannot be used: its directory cannot be made: {reason}."
        ) from error


def _prepare(connection: apsw.Connection, path: Path, *, exclusive: bool) -> None:
    connection.execute(PRAGMAS).fetchall()
    if path.stat().st_size <= CHEAP_CHECK_BYTES:
        found = connection.execute("PRAGMA quick_check(1)").get
        if found != "ok":
            raise apsw.CorruptError(str(found))
    steps = sorted(SCHEMA.glob("*.sql"))
    version = connection.pragma("user_version")
    if version > len(steps):
        raise StoreUnavailable(
            f"The data file {path} was written by a newer Parley (schema {version}, this one knows {len(steps)}). "
            "Upgrade Parley, or restore a backup made before the upgrade."
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").get is not None:
        raise StoreUnavailable(f"The data file {path} is some other program's database. Choose another path.")
    if version < len(steps):
        _migrate(connection, path, steps, is_held=exclusive)


def _migrate(connection: apsw.Connection, path: Path, steps: list[Path], *, is_held: bool) -> None:
    if not is_held:
        _hold(path, set())
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.pragma("user_version")  # another process may have been quicker
        for step in steps[version:]:
            connection.execute(step.read_text("utf-8"))
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except apsw.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if not is_held:
        _let_go(path)


def _hold(path: Path, before: set[int]) -> None:
    """Lock the file through the descriptor that SQLite itself has open.

    One of our own would not do: closing any descriptor of a file drops all of the process' POSIX locks on it, and
    SQLite relies on those. Its own is closed, and the lock with it, exactly when the database is.
    """
    if sys.platform == "win32":
        return
    for descriptor in _descriptors_of(path) - before or before:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(path) from error


def _let_go(path: Path) -> None:
    if sys.platform != "win32":
        for descriptor in _descriptors_of(path):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _in_use(path: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"The data file {path} is in use by another Parley server. Stop that one, or choose another file."
    )


def _descriptors_of(path: Path) -> set[int]:
    """This process' open descriptors of the file."""
    wanted = identity(path)
    if wanted is None:
        return set()
    try:
        candidates = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 - numbers, not paths
    except OSError:
        candidates = list(range(4096))
    found = set()
    for descriptor in candidates:
        with suppress(OSError):
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) == wanted:
                found.add(descriptor)
    return found


def _close(connection: apsw.Connection | None) -> None:
    if connection is not None:
        with suppress(apsw.Error):
            connection.close()
