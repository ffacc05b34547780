"""What a parser finds in a document: headings, paragraphs and records, in order. Knows no format and no passages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

MOST_CHARACTERS = 10_000_000
"""Of the text of one document."""


class Unfit(Exception):
    """The document cannot be read; the message is for whoever owns it."""


class Piece(NamedTuple):
    """`level` above 0: a heading. `record`: the fields of a row, which is a passage of its own."""

    text: str
    level: int = 0
    page: int | None = None
    row: int | None = None
    record: dict[str, Any] | None = None


def decoded(data: bytes) -> str:
    """The text in a file: UTF-8, UTF-16 with its mark, else Windows' Latin. Raises `Unfit` for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text[:100_000]:
        raise Unfit("The file is not a text: it holds binary data.")
    return text


def paragraphs(text: str, page: int | None = None) -> Iterable[Piece]:
    """What is between empty lines."""
    lines: list[str] = []
    for line in (*text.splitlines(), ""):
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            yield Piece("\n".join(lines), page=page)
            lines.clear()
