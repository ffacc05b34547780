"""The kinds of files that users may send, told by their content. Source: Conversations API, section 2.8."""

from __future__ import annotations

from msgspec import Struct

LONGEST_MARK = 64
"""Bytes from a file's beginning that are enough to tell its kind."""


class FileKind(Struct, frozen=True):
    """`extensions` are lower case and without the dot; the first one is the usual one."""

    mime: str
    extensions: tuple[str, ...]


PDF = FileKind("application/pdf", ("pdf",))
JPEG = FileKind("image/jpeg", ("jpg", "jpeg"))
PNG = FileKind("image/png", ("png",))
WEBP = FileKind("image/webp", ("webp",))
KINDS = (PDF, JPEG, PNG, WEBP)
EXTENSIONS = frozenset(extension for kind in KINDS for extension in kind.extensions)
EXPECTED = "a PDF, JPEG, PNG or WEBP file"


def kind_of(start: bytes) -> FileKind | None:
    """The kind of a file with this beginning, None for every other kind."""
    if start.startswith(b"%PDF-"):
        return PDF
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n") and start[12:16] == b"IHDR":
        return PNG
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP" and start[12:15] == b"VP8":
        return WEBP
    return None
