"""Entities that are lists of values with other words for them, found in spite of capitals, accents and typos."""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from parley.domain.program import EntityValue
from parley.engine.moment import Moment
from parley.engine.words import normal

_SPACELESS = "⺀"
"""From here on are the scripts that write no spaces between words."""
_TYPOS_IN_WORDS = 60
"""So many words from the start of a text are searched for misspelt values."""


class Listed:
    """One list of values."""

    def __init__(self, values: tuple[EntityValue, ...]) -> None:
        self._values: dict[str, str] = {}
        for value in values:
            for form in (value.value, *value.synonyms):
                self._values.setdefault(normal(form), value.value)
        self._values.pop("", None)
        self._forms = list(self._values)
        self._longest = max((form.count(" ") + 1 for form in self._forms), default=0)
        self._spaceless = [form for form in self._forms if form[0] >= _SPACELESS]

    def whole(self, text: str, moment: Moment | None = None) -> str | None:
        """The value that this text is."""
        return self._value(normal(text))

    def find(self, text: str, moment: Moment | None = None) -> str | None:
        """The value that this text mentions: longer ones first, well spelt ones before misspelt ones."""
        text = normal(text)
        words = text.split(" ")
        for size in range(min(self._longest, len(words)), 0, -1):
            for i in range(len(words) - size + 1):
                value = self._values.get(" ".join(words[i : i + size]))
                if value is not None:
                    return value
        for form in self._spaceless:
            if form in text:
                return self._values[form]
        return self._find_misspelt(words[:_TYPOS_IN_WORDS])

    def _find_misspelt(self, words: list[str]) -> str | None:
        for size in range(min(self._longest, len(words)), 0, -1):
            for i in range(len(words) - size + 1):
                value = self._misspelt(" ".join(words[i : i + size]))
                if value is not None:
                    return value
        return None

    def _value(self, text: str) -> str | None:
        return self._values.get(text) or self._misspelt(text)

    def _misspelt(self, text: str) -> str | None:
        typos = typos_in(text)
        if not typos:
            return None
        near = process.extractOne(text, self._forms, scorer=DamerauLevenshtein.distance, score_cutoff=typos)
        if near is None or typos_in(near[0]) < near[1]:
            return None
        return self._values[near[0]]


def typos_in(text: str) -> int:
    """How many slips of the finger a text of this length may hold and still be the same; none with digits in it."""
    if len(text) < 4 or len(text) > 100 or any(c.isdigit() for c in text):
        return 0
    return 1 if len(text) < 8 else 2
