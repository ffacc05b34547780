"""Where users' files are kept.

Atomicity: a file is there whole or not at all, and one that is there never changes through `put`. Durability: as
the store's. Errors: `StoreUnavailable` when the files cannot be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from parley.domain.file_kind import FileKind
from parley.domain.file_place import FileID, FilePlace
from parley.domain.ids import SessionID


class Window(Struct, frozen=True):
    """From when to when something is allowed, in milliseconds since 1970."""

    now_ms: int
    until_ms: int


class Grant(Struct, frozen=True):
    """A form that a client may send once: POST `fields` and then the file, as multipart/form-data, to `url`."""

    url: str
    fields: dict[str, str]


class Files(Protocol):
    """Files by place."""

    @property
    def provider(self) -> str:
        """What the store is called on the wire."""
        ...

    def grant(self, place: FilePlace, largest: int, window: Window) -> Grant | None:
        """How a client sends a file of at most `largest` bytes to the store itself; None: only through `put`."""
        ...

    async def put(self, place: FilePlace, data: bytes) -> bool:
        """Keep a file. False, and nothing changes, when there is one at this place."""
        ...

    async def read(self, place: FilePlace, at_most: int | None = None) -> bytes | None:
        """The file, or its first `at_most` bytes. None when there is none."""
        ...

    async def listed(self, session: SessionID) -> Sequence[FileID]:
        """The files of a conversation, in no order."""
        ...

    async def delete(self, place: FilePlace) -> None:
        """Delete a file, if there is one."""
        ...

    def link(self, place: FilePlace, kind: FileKind, disposition: str, window: Window) -> str | None:
        """A URL that serves the file by the store itself, as this kind and with this `Content-Disposition`.

        None: only through `read`.
        """
        ...
