"""Utterances with entities in them, `I want a {size} pizza`: words, and gaps between them. No regular expressions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from parley.engine.words import Word, words_of

_PARTS = re.compile(r"\{\s*([^{}]+?)\s*\}")
_ENDINGS = ' \t\r\n.,;:!?"()'

_MOST_WORDS = 12
"""So many words one of several gaps that touch can take."""

Read = Callable[[str, str], Any]
"""(entity, text) -> its value, None where the text is none."""


class Gapped:
    """One utterance: runs of words with one or more gaps before, between and after them."""

    def __init__(self, utterance: str) -> None:
        self._runs: list[list[str]] = [[]]
        self._gaps: list[list[str]] = []
        pieces = _PARTS.split(utterance)
        for i, piece in enumerate(pieces):
            if i % 2 == 0:
                run = [word.text for word in words_of(piece)]
                if i == 0:
                    self._runs[0] = run
                elif run or i == len(pieces) - 1:
                    self._runs.append(run)
            elif len(self._gaps) == len(self._runs):
                self._gaps[-1].append(piece)
            else:
                self._gaps.append([piece])
        self.needed = frozenset(word for run in self._runs for word in run)
        """The words without which no text matches."""

    def match(self, text: str, words: list[Word], read: Read) -> list[tuple[str, str]] | None:
        """What stands in the gaps: (entity, text) in order. None where the text is another one."""
        said = [word.text for word in words]
        first, last = self._runs[0], self._runs[-1]
        at, end = len(first), len(said) - len(last)
        if said[:at] != first or said[end:] != last or end <= at:
            return None
        found: list[tuple[str, str]] = []
        for gap, run in zip(self._gaps, self._runs[1:], strict=True):
            start = end if run is last else _find(run, said, at + len(gap), end)
            if start is None or start - at < len(gap):
                return None
            found += _divided(gap, text, words[at:start], read)
            at = start + len(run)
        return found


class GappedIndex:
    """The gapped utterances of all intents, found by the words without which they do not match."""

    def __init__(self) -> None:
        self._said: list[tuple[str, Gapped]] = []
        self._by_word: dict[str, list[int]] | None = None

    def add(self, intent: str, utterance: Gapped) -> None:
        """One more."""
        self._said.append((intent, utterance))
        self._by_word = None

    def candidates(self, said: frozenset[str]) -> Iterator[tuple[str, Gapped]]:
        """Those whose words are all among these, in the order in which they were added."""
        if self._by_word is None:
            self._by_word = self._index()
        numbers = sorted(n for word in (*said, "") for n in self._by_word.get(word, ()))
        return (self._said[n] for n in numbers if self._said[n][1].needed <= said)

    def _index(self) -> dict[str, list[int]]:
        """Each utterance under the rarest of its words; under "" where it has none."""
        count = Counter(word for _, utterance in self._said for word in utterance.needed)
        found: dict[str, list[int]] = {}
        for n, (_, utterance) in enumerate(self._said):
            found.setdefault(min(sorted(utterance.needed), key=count.__getitem__, default=""), []).append(n)
        return found


def _find(run: list[str], said: list[str], start: int, end: int) -> int | None:
    size = len(run)
    return next((i for i in range(start, end - size) if said[i : i + size] == run), None)


def _divided(gap: list[str], text: str, words: list[Word], read: Read) -> list[tuple[str, str]]:
    """Share the words between gaps that touch: each but the last takes the fewest words that make its entity."""
    found: list[tuple[str, str]] = []
    for i, entity in enumerate(gap[:-1]):
        left = len(gap) - i - 1
        most = min(len(words) - left, _MOST_WORDS)
        taken = next((n for n in range(1, most + 1) if read(entity, _raw(text, words[:n])) is not None), 1)
        found.append((entity, _raw(text, words[:taken])))
        words = words[taken:]
    found.append((gap[-1], _raw(text, words)))
    return found


def _raw(text: str, words: list[Word]) -> str:
    """The text of the words as it was written, with signs that belong to it, such as the + of a telephone number."""
    start, end = words[0].start, words[-1].end
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end].strip(_ENDINGS)
