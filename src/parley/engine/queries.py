"""Questions to a JSON document, in the language of MongoDB: the part of it that functions listen with.

A query holds when all that it asks holds. Paths have dots; a path through a list looks at each item, and a list equals
what one of its items equals. What is not an operator here, or makes no sense, does not hold.

Source: Conversations API, section 8 (Function: `next.to[].on`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parley.engine.javascript import ExpressionFailed, evaluate_expression

DEEPEST = 20
_MISSING = object()


def matches(query: Any, document: Any, depth: int = 0) -> bool:
    """Whether the document is what the query asks for."""
    if not isinstance(query, dict) or depth > DEEPEST:
        return False
    for key, asked in query.items():
        if key in _GROUPS:
            if not isinstance(asked, list) or not _GROUPS[key](matches(each, document, depth + 1) for each in asked):
                return False
        elif key.startswith("$") or not _holds(asked, _reach(document, key.split(".")), depth + 1):
            return False
    return True


_GROUPS: dict[str, Callable[[Any], bool]] = {
    "$and": all,
    "$or": any,
    "$nor": lambda each: not any(each),
}


def _reach(value: Any, path: list[str]) -> list[Any]:
    """Everything at this path: several where it goes through lists."""
    if not path:
        return [value]
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return _reach(value[first], rest) if first in value else []
    if isinstance(value, list):
        found = [each for item in value if isinstance(item, dict) for each in _reach(item, path)]
        if first.isdecimal() and len(first) < 10 and int(first) < len(value):
            found += _reach(value[int(first)], rest)
        return found
    return []


def _holds(asked: Any, found: list[Any], depth: int) -> bool:
    if depth > DEEPEST:
        return False
    if not isinstance(asked, dict) or not any(key.startswith("$") for key in asked):
        return _any_equal(asked, found)
    return all(_operator(name, value, asked, found, depth) for name, value in asked.items())


def _operator(name: str, value: Any, asked: dict[str, Any], found: list[Any], depth: int) -> bool:
    match name:
        case "$eq":
            return _any_equal(value, found)
        case "$ne":
            return not _any_equal(value, found)
        case "$in":
            return isinstance(value, list) and any(_any_equal(each, found) for each in value)
        case "$nin":
            return isinstance(value, list) and not any(_any_equal(each, found) for each in value)
        case "$exists":
            return bool(found) is bool(value)
        case "$gt" | "$gte" | "$lt" | "$lte":
            return any(_compare(name, each, value) for each in _items(found))
        case "$not":
            return not _holds(value, found, depth + 1)
        case "$elemMatch":
            lists = [each for each in found if isinstance(each, list)]
            return any(_is_element(value, item, depth + 1) for each in lists for item in each)
        case "$regex":
            texts = [each for each in _items(found) if isinstance(each, str)]
            return any(_is_like(value, asked.get("$options", ""), each) for each in texts)
        case "$options":
            return "$regex" in asked
    return False


def _is_element(query: Any, item: Any, depth: int) -> bool:
    if isinstance(query, dict) and query and all(key.startswith("$") and key not in _GROUPS for key in query):
        return _holds(query, [item], depth)
    return matches(query, item, depth)


def _items(found: list[Any]) -> list[Any]:
    """What was found, and the items of lists among it."""
    return [*found, *(item for each in found if isinstance(each, list) for item in each)]


def _any_equal(asked: Any, found: list[Any]) -> bool:
    if asked is None and not found:
        return True
    return any(_equal(asked, each) for each in _items(found))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _compare(name: str, value: Any, limit: Any) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (value, limit))
    if not numbers and not (isinstance(value, str) and isinstance(limit, str)):
        return False
    return bool({"$gt": value > limit, "$gte": value >= limit, "$lt": value < limit, "$lte": value <= limit}[name])


class _Tried:
    """A pattern and a text as variables of an expression: JavaScript tries it, under its limits."""

    def __init__(self, pattern: str, flags: str, text: str) -> None:
        self._values = {"pattern": pattern, "flags": flags, "text": text}

    def get(self, name: str, default: Any = None) -> Any:
        """See `javascript.Variables`."""
        return self._values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def shown(self) -> dict[str, Any]:
        """See `javascript.Variables`."""
        return dict(self._values)


def _is_like(pattern: Any, flags: Any, text: str) -> bool:
    if not isinstance(pattern, str):
        return False
    try:
        tried = _Tried(pattern, "".join(flag for flag in str(flags) if flag in "ims"), text[:10_000])
        return evaluate_expression("new RegExp(pattern, flags).test(text)", tried) is True
    except ExpressionFailed:
        return False
