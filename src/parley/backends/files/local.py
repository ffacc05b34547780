"""Users' files in a directory of this machine: one directory a conversation, one file a file, named by their ids."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from parley.domain.file_kind import FileKind
from parley.domain.file_place import FileID, FilePlace, is_file_id
from parley.domain.ids import SessionID
from parley.errors import StoreUnavailable
from parley.ports.files import Grant, Window

UNFINISHED = ".unfinished"

Result = TypeVar("Result")


class LocalFiles:
    """Files under `root`. `is_temporary`: the directory goes when the files are closed.

    A file is written elsewhere first and then linked to its place: what was cut off is never seen, and is cleared
    away when the files are opened. Places consist of hexadecimal characters alone, so none can lead out of `root`.
    """

    provider = "local"

    def __init__(self, root: Path, *, is_temporary: bool = False) -> None:
        self._root = root.absolute()
        self._is_temporary = is_temporary

    async def open(self) -> None:
        """Clear away what a crash has left unfinished. Raises `StoreUnavailable`."""
        await self._do(self._open)

    async def close(self) -> None:
        """Delete everything, where the files are temporary."""
        if self._is_temporary:
            await asyncio.to_thread(shutil.rmtree, self._root, ignore_errors=True)

    def grant(self, place: FilePlace, largest: int, window: Window) -> Grant | None:
        """See `Files.grant`."""
        return None

    async def put(self, place: FilePlace, data: bytes) -> bool:
        """See `Files.put`."""
        return await self._do(lambda: self._put(place, data))

    async def read(self, place: FilePlace, at_most: int | None = None) -> bytes | None:
        """See `Files.read`."""
        return await self._do(lambda: self._read(place, at_most))

    async def listed(self, session: SessionID) -> Sequence[FileID]:
        """See `Files.listed`."""
        return await self._do(lambda: self._listed(session))

    async def delete(self, place: FilePlace) -> None:
        """See `Files.delete`."""
        await self._do(lambda: self._delete(place))

    def link(self, place: FilePlace, kind: FileKind, disposition: str, window: Window) -> str | None:
        """See `Files.link`."""
        return None

    async def copy(self, to: Path) -> int:
        """Copy all files while they are in use, and say how many; `to` appears only when it is whole."""
        return await self._do(lambda: self._copy(to))

    async def _do(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(f"The directory of users' files cannot be used: {reason}.") from error

    def _open(self) -> None:
        # Made when the first file comes: most agents never get one.
        shutil.rmtree(self._root / UNFINISHED, ignore_errors=True)
        if self._root.exists() and not (self._root.is_dir() and os.access(self._root, os.W_OK | os.X_OK)):
            raise StoreUnavailable(f"{self._root} is needed for users' files, and is no directory that can be written.")

    def _put(self, place: FilePlace, data: bytes) -> bool:
        target = self._path(place)
        if target.exists():
            return False
        unfinished = self._root / UNFINISHED
        unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part = unfinished / secrets.token_hex(16)
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            target.hardlink_to(part)
        except FileExistsError:
            return False
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)
        _sync(self._root)
        return True

    def _read(self, place: FilePlace, at_most: int | None) -> bytes | None:
        try:
            with self._path(place).open("rb") as file:
                return file.read(-1 if at_most is None else at_most)
        except FileNotFoundError:
            return None

    def _copy(self, to: Path) -> int:
        if to.exists():
            raise StoreUnavailable(f"{to} exists already. Choose another name for the copy.")
        part = to.with_name(f"{to.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        count = 0
        part.mkdir(mode=0o700, parents=True)
        for file in self._root.glob("*/*"):
            if file.parent.name == UNFINISHED:
                continue
            target = part / file.parent.name / file.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError):  # deleted meanwhile
                shutil.copy2(file, target)
                _sync(target)
                count += 1
            _sync(target.parent)
        _sync(part)
        part.rename(to)
        _sync(to.parent)
        return count

    def _listed(self, session: SessionID) -> list[FileID]:
        try:
            return [FileID(name) for name in os.listdir(self._root / session) if is_file_id(name)]  # noqa: PTH208
        except FileNotFoundError:
            return []

    def _delete(self, place: FilePlace) -> None:
        path = self._path(place)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # another file is there
            path.parent.rmdir()

    def _path(self, place: FilePlace) -> Path:
        return self._root / place.session / place.file


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
