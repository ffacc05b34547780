"""A disk that fails when told: an SQLite VFS over the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw


class FaultyDisk(apsw.VFS):
    """Every database opened while this is the default VFS reads and writes through it."""

    def __init__(self) -> None:
        self.write_error: type[apsw.Error] | None = None
        self.sync_error: type[apsw.Error] | None = None
        self.read_error: type[apsw.Error] | None = None
        self.real = apsw.vfs_names()[0]
        super().__init__("faulty", self.real)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:
        return FaultyFile(self, name, flags)


class FaultyFile(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        super().__init__(disk.real, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        _fail(self._disk.write_error)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        _fail(self._disk.sync_error)
        super().xSync(flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        _fail(self._disk.read_error)
        return super().xRead(amount, offset)


def _fail(error: type[apsw.Error] | None) -> None:
    if error is not None:
        raise error("the test says so")


@contextmanager
def faulty_disk() -> Iterator[FaultyDisk]:
    usual = apsw.vfs_names()[0]
    disk = FaultyDisk()
    apsw.set_default_vfs("faulty")
    try:
        yield disk
    finally:
        apsw.set_default_vfs(usual)
        disk.unregister()
