"""Texts cut into the pieces that BERT models know: WordPiece, without capitals and accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

_LONGEST_WORD = 100
_UNKNOWN, _BEGIN, _END = "[UNK]", "[CLS]", "[SEP]"
_IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


class WordPiece:
    """A vocabulary, one piece a line; `##` begins a piece that goes on a word."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._ids = vocabulary
        self._unknown = vocabulary[_UNKNOWN]
        self._begin, self._end = vocabulary[_BEGIN], vocabulary[_END]

    @classmethod
    def read(cls, path: Path) -> WordPiece:
        """The vocabulary in a file."""
        with path.open(encoding="utf-8") as lines:
            return cls({line.rstrip("\n"): number for number, line in enumerate(lines)})

    def ids(self, text: str, most: int) -> list[int]:
        """The numbers of the text's pieces, between those for its beginning and its end, `most` in all."""
        found: list[int] = []
        for word in _words(text):
            found += self._pieces(word)
            if len(found) > most - 2:
                break
        return [self._begin, *found[: most - 2], self._end]

    def _pieces(self, word: str) -> list[int]:
        """The longest pieces from left to right; one unknown where a part of the word is in none."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        found = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                id = self._ids.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if id is not None:
                    found.append(id)
                    start = end
                    break
            else:
                return [self._unknown]
        return found


def _words(text: str) -> list[str]:
    spaced = []
    for char in unicodedata.normalize("NFD", "".join(map(_spaced, text)).lower()):
        if unicodedata.category(char) != "Mn":
            spaced.append(f" {char} " if _is_punctuation(char) else char)
    return "".join(spaced).split()


def _spaced(char: str) -> str:
    """Control characters away, white space as spaces, ideographs apart."""
    category = unicodedata.category(char)
    if char in "\t\n\r" or category == "Zs":
        return " "
    if category.startswith("C") or char == "\ufffd":
        return ""
    return f" {char} " if any(first <= ord(char) <= last for first, last in _IDEOGRAPHS) else char


def _is_punctuation(char: str) -> bool:
    code = ord(char)
    is_sign = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return is_sign or unicodedata.category(char).startswith("P")
