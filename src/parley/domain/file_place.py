"""Where a user's file is kept: in which conversation, under which id. Nothing of it is chosen by the user."""

from __future__ import annotations

import re
import secrets
from typing import NewType

from msgspec import Struct

from parley.domain.ids import SessionID
from parley.errors import NotFound

FileID = NewType("FileID", str)

_SESSION = re.compile(r"[0-9a-f]{24}")
_FILE = re.compile(r"[0-9a-f]{32}")


class FilePlace(Struct, frozen=True):
    """`file` is 128 random bits: whoever knows it may read the file."""

    session: SessionID
    file: FileID

    @property
    def key(self) -> str:
        """The place as one text: letters, digits and one slash."""
        return f"{self.session}/{self.file}"


def new_place(session: SessionID) -> FilePlace:
    """A fresh place in this conversation."""
    return FilePlace(session, FileID(secrets.token_hex(16)))


def parse_place(session: str, file: str) -> FilePlace:
    """The place that a client names. Raises `NotFound` for what cannot be one."""
    if _SESSION.fullmatch(session) is None or _FILE.fullmatch(file) is None:
        raise NotFound("There is no such file.")
    return FilePlace(SessionID(session), FileID(file))


def is_file_id(text: str) -> bool:
    """Whether this may be the id of a file."""
    return _FILE.fullmatch(text) is not None
