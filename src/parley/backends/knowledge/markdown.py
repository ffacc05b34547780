"""Markdown as pieces: headings by their level, code whole, everything else by paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parley.backends.knowledge.pieces import Piece, decoded

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def read_markdown(data: bytes) -> Iterator[Piece]:
    """The pieces of a Markdown file; its front matter is not part of it."""
    lines = _COMMENT.sub("", decoded(data)).splitlines()
    block: list[str] = []
    fence = ""
    for line in lines[_front_matter(lines) :]:
        mark = _FENCE.match(line)
        if fence:
            block.append(line)
            if mark is not None and mark[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif mark is not None:
            fence = mark[1]
            block.append(line)
        elif heading := _HEADING.match(line):
            yield from _told(block)
            yield Piece(heading[2], level=len(heading[1]))
        elif len(block) == 1 and (under := _UNDERLINE.match(line)) and block[0].strip():
            yield Piece(block.pop().strip(), level=1 if under[1][0] == "=" else 2)
        elif line.strip():
            block.append(line.rstrip())
        else:
            yield from _told(block)
    yield from _told(block)


def _told(block: list[str]) -> Iterator[Piece]:
    if any(line.strip() for line in block):
        yield Piece("\n".join(block))
    block.clear()


def _front_matter(lines: list[str]) -> int:
    """Where the document begins."""
    if not lines or lines[0].strip() != "---":
        return 0
    return next((n + 1 for n, line in enumerate(lines[1:200], 1) if line.strip() in ("---", "...")), 0)
