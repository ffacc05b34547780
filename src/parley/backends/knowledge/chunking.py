"""Pieces of a document to passages: cut at headings and paragraphs, of about one size, each overlapping the last.

A heading stays with what follows it; where a passage is inside a section, its metadata has the path of headings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from parley.backends.knowledge.pieces import MOST_CHARACTERS, Piece, Unfit

MOST_CHUNKS = 5_000
"""Of one document."""
OVERLAP = 0.12
"""The part of a passage that is said again at the beginning of the next, where a section goes on."""
EARLIEST = 0.3
"""A heading begins a new passage once the passage before it is so full."""
LONGEST_METADATA = 10_000
"""Bytes of a passage's metadata. Source: the public documentation of knowledge base metadata."""
_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"'”’)]*\s+|\n+|(?<=[。！？])")

Found = tuple[str, dict[str, Any]]


def chunks_of(pieces: Iterable[Piece], size: int) -> list[Found]:
    """The passages, each with its metadata. Raises `Unfit` for what is too much."""
    found: list[Found] = []
    for content, metadata in _cut(_bounded(pieces), size):
        if len(found) >= MOST_CHUNKS:
            raise Unfit(f"The document makes more than {MOST_CHUNKS} passages. Split it.")
        found.append((content, metadata))
    return found


def _bounded(pieces: Iterable[Piece]) -> Iterator[Piece]:
    characters = 0
    for piece in pieces:
        characters += len(piece.text)
        if characters > MOST_CHARACTERS:
            raise Unfit(f"The document holds more than {MOST_CHARACTERS // 1_000_000} million characters. Split it.")
        yield piece


def _cut(pieces: Iterator[Piece], size: int) -> Iterator[Found]:
    chunk = _Chunk(size)
    path: list[tuple[int, str]] = []
    waiting = ""
    for piece in pieces:
        if piece.record is not None:
            yield from chunk.close()
            yield from _record(piece, size)
        elif piece.level:
            if chunk.length > EARLIEST * size:
                yield from chunk.close()
            path = [*((level, text) for level, text in path if level < piece.level), (piece.level, piece.text[:200])]
            waiting = f"{waiting}\n{piece.text[:size]}".strip()
        else:
            for each in _parts(piece.text, max(size - len(waiting), size // 2)):
                part = f"{waiting}\n{each}".strip()
                if chunk.length + len(part) > size and chunk.length:
                    yield from chunk.close(overlaps=not waiting)
                waiting = ""
                chunk.add(part, [text for _, text in path], piece.page)
    if waiting:
        chunk.add(waiting, [text for _, text in path], None)
    yield from chunk.close()


class _Chunk:
    """A passage while it is filled."""

    def __init__(self, size: int) -> None:
        self.length = 0
        self._size = size
        self._parts: list[str] = []
        self._fresh = 0
        self._metadata: dict[str, Any] = {}

    def add(self, part: str, headings: list[str], page: int | None) -> None:
        """Put another part into it."""
        if not self._fresh:
            self._metadata = ({"headings": headings} if headings else {}) | ({} if page is None else {"page": page})
        self._parts.append(part)
        self._fresh += 1
        self.length += len(part) + 1

    def close(self, *, overlaps: bool = False) -> Iterator[Found]:
        """The passage, if it has anything to say that the last one has not; it is empty afterwards."""
        content = "\n".join(self._parts).strip()
        if self._fresh and content:
            yield content, self._metadata
        last = _tail(content, round(OVERLAP * self._size)) if overlaps else ""
        self._parts = [last] if last else []
        self._fresh = 0
        self.length = len(last)


def _parts(text: str, size: int) -> Iterator[str]:
    """A paragraph, or where it is too long its sentences, or where those are too long pieces of them."""
    if len(text) <= size:
        yield text
        return
    waiting = ""
    for sentence in _SENTENCE.split(text):
        while len(sentence) > size:
            at = sentence.rfind(" ", size // 2, size)
            at = size if at < 0 else at
            yield from (waiting, sentence[:at].strip()) if waiting else (sentence[:at].strip(),)
            waiting, sentence = "", sentence[at:].strip()
        if len(waiting) + len(sentence) + 1 > size:
            yield waiting
            waiting = ""
        waiting = f"{waiting} {sentence}".strip()
    if waiting:
        yield waiting


def _tail(text: str, length: int) -> str:
    """The last sentences of a text, or its last words where the last sentence is too long."""
    if len(text) <= length:
        return ""
    end = text[-length:]
    cut = _SENTENCE.search(end)
    if cut is not None and cut.end() < len(end):
        return end[cut.end() :].strip()
    return end.partition(" ")[2].strip()


def _record(piece: Piece, size: int) -> Iterator[Found]:
    """A row is one passage; a very long one several."""
    metadata = {**(piece.record or {}), "row": piece.row}
    if len(json.dumps(metadata)) > LONGEST_METADATA:
        metadata = {"row": piece.row}
    for part in _parts(piece.text, 4 * size):
        yield part, metadata
