"""Texts as words that compare alike: without capitals, accents and punctuation, each knowing where it stood.

Only the first 2,000 characters of a text are looked at: more is no answer to a question.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

LONGEST = 2000
_APART = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")
_SYMBOLS = ("S",)
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652'’]")


class Word(Struct, frozen=True):
    """`text` as compared; `start` and `end` are where it stands in the original."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words and symbols (emoji, currency signs) of a text."""
    found = []
    for match in _APART.finditer(text[:LONGEST]):
        raw = match[0]
        if len(raw) > 1 or raw.isalnum() or unicodedata.category(raw)[0] in _SYMBOLS:
            found.append(Word(folded(raw), match.start(), match.end()))
    return found


def normal(text: str) -> str:
    """The text as its words, joined by single spaces."""
    return " ".join(word.text for word in words_of(text))


def folded(text: str) -> str:
    """Without capitals, accents and apostrophes."""
    if text.isascii():
        return text.lower().replace("'", "")
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
