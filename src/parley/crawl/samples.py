"""Words that users might say: utterances with their gaps filled, values of entities, texts that a pattern takes."""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Mapping
from typing import Any

from parley.domain.program import Entity, Intent

NONSENSE = "qwvx zzkj"
"""A text that means nothing to any agent."""
PLAIN = "Ada Lovelace"

_MOST_VALUES = 4
_GAP = re.compile(r"\{\s*([^{}]+?)\s*\}")
_BUILTINS = {
    "number": "3",
    "email": "ada@example.com",
    "phone": "+1 202 555 0143",
    "phonenumber": "+1 202 555 0143",
    "url": "https://example.com/page",
    "date": "2027-02-03",
    "datetime": "2027-02-03 14:30",
    "time": "14:30",
    "name": "Ada Lovelace",
    "currency": "20 euros",
    "percentage": "20 %",
    "ordinal": "third",
    "age": "36 years old",
    "duration": "2 hours",
    "geography": "Berlin",
    "location": "Berlin",
    "text": "green tea",
}
_NAMED = re.compile(r"\(\?<(?![=!])")
_DIGIT = "\0"
_CATEGORY = {sre.CATEGORY_DIGIT: _DIGIT, sre.CATEGORY_WORD: "a", sre.CATEGORY_SPACE: " "}


def values_of(entity: Entity) -> list[str]:
    """A few texts that are this entity."""
    if entity.values:
        return [value.value for value in entity.values[:_MOST_VALUES]]
    if entity.pattern is not None:
        made = [text_for(entity.pattern, digit) for digit in "1230"]
        return list(dict.fromkeys(text for text in made if text is not None))
    kind = (entity.builtin or "text").lower().removeprefix("vf.")
    return [_BUILTINS.get(kind, _BUILTINS["text"])]


def utterances_of(intent: Intent, entities: Mapping[str, Entity]) -> list[str]:
    """Two ways to say it: one without gaps, one with them filled."""
    plain = next((said for said in intent.utterances if not _GAP.search(said)), None)
    gapped = next((said for said in intent.utterances if _GAP.search(said)), None)
    return [_filled(said, entities) for said in (plain, gapped) if said]


def text_for(pattern: str, digit: str = "1") -> str | None:
    """A short text with this digit that the pattern matches, None where none was found."""
    try:
        source = _NAMED.sub("(?P<", pattern)
        made = _sequence(parser.parse(source)).replace(_DIGIT, digit)
        return made if re.search(source, made) else None
    except (re.error, RecursionError, OverflowError, KeyError, TypeError, ValueError):
        return None


def _filled(said: str, entities: Mapping[str, Entity]) -> str:
    def value(gap: re.Match[str]) -> str:
        entity = entities.get(gap[1])
        return next(iter(values_of(entity)), PLAIN) if entity is not None else PLAIN

    return _GAP.sub(value, said)


def _sequence(items: Any) -> str:
    return "".join(_one(op, argument) for op, argument in items)


def _one(op: Any, argument: Any) -> str:
    if op is sre.LITERAL:
        return chr(argument)
    if op is sre.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if op is sre.ANY:
        return "a"
    if op is sre.IN:
        return _member(argument)
    if op is sre.BRANCH:
        return _sequence(argument[1][0])
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, what = argument
        return _sequence(what) * min(max(int(least), 1), int(most))
    if op is sre.SUBPATTERN:
        return _sequence(argument[3])
    return ""


def _member(items: Any) -> str:
    op, argument = items[0]
    if op is sre.LITERAL:
        return chr(argument)
    if op is sre.RANGE:
        return _DIGIT if chr(argument[0]).isdigit() else chr(argument[0])
    if op is sre.CATEGORY:
        return _CATEGORY.get(argument, "a")
    return "~"
