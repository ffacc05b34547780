"""SQLite's errors as `StoreUnavailable`: what is wrong, and what to do about it, in one line."""

from __future__ import annotations

from pathlib import Path

import apsw

from parley.errors import StoreUnavailable

_ADVICE: tuple[tuple[type[apsw.Error], str], ...] = (
    (apsw.FullError, "there is no space left for it. Free some space; it then goes on by itself"),
    (apsw.BusyError, "another program is writing to it and does not stop. Close that program"),
    (apsw.LockedError, "another program has locked it. Close that program"),
    (apsw.ReadOnlyError, "it can be read but not written. Make file and directory writable for this user"),
    (apsw.NotADBError, "it is not an SQLite database. Choose another path, or move the file away"),
    (apsw.CorruptError, "it is damaged. Stop the server and restore a backup"),
    (apsw.CantOpenError, "it cannot be opened. Check that the path exists and may be read and written by this user"),
    (apsw.PermissionsError, "this user may not use it. Make file and directory writable for this user"),
    (apsw.AuthError, "this user may not use it. Make file and directory writable for this user"),
    (apsw.IOError, "reading or writing it failed. Check the disk; it goes on by itself once that works again"),
    (apsw.TooBigError, "what was to be saved is too large for it"),
    (apsw.NoMemError, "there is not enough memory to use it"),
)


def unavailable(path: Path, error: apsw.Error) -> StoreUnavailable:
    """The error to raise, to be chained from `error`."""
    said = " ".join(str(error).split())
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return StoreUnavailable(f"The data file {path} cannot be used: {advice} ({said}).")
    return StoreUnavailable(f"The data file {path} cannot be used: {said}.")
