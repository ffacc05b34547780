"""Which passages a search may find: filters over metadata, and tags of documents.

Source: the public documentation of knowledge base filters ("Filtering with Tags or Metadata"): `$eq`, `$ne`, `$gt`,
`$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$all`, `$and`, `$or`, and here also `$not` and `$exists`. A name with dots goes
into objects; where there is a list on the way, one of its items is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from parley.errors import InvalidInput

DEEPEST = 16
MOST = 200
"""Conditions in one filter."""
_LOGICAL = ("$and", "$or", "$nor")


class TagRule(Struct, frozen=True):
    """`and`: all of the tags; `or`: one of them."""

    items: tuple[str, ...] = ()
    operator: Literal["and", "or"] = "or"

    def fits(self, tags: frozenset[str]) -> bool:
        """Whether a document with these tags is meant."""
        wanted = frozenset(self.items)
        return wanted <= tags if self.operator == "and" else bool(wanted & tags)


class Tags(Struct, frozen=True, rename="camel"):
    """Documents by tag. `include_all_tagged`: those with any; `include_all_non_tagged`: those with none as well."""

    include: TagRule | None = None
    exclude: TagRule | None = None
    include_all_tagged: bool = False
    include_all_non_tagged: bool = False

    def fit(self, tags: frozenset[str]) -> bool:
        """Whether a document with these tags may be found."""
        if self.exclude is not None and self.exclude.items and self.exclude.fits(tags):
            return False
        has_rule = self.include is not None and bool(self.include.items)
        if not (has_rule or self.include_all_tagged or self.include_all_non_tagged):
            return True
        if not tags:
            return self.include_all_non_tagged
        return self.include_all_tagged or (self.include is not None and has_rule and self.include.fits(tags))


class Narrowing(Struct, frozen=True):
    """Both together. Empty: everything may be found."""

    filters: dict[str, Any] = {}
    tags: Tags | None = None

    @property
    def is_empty(self) -> bool:
        """It leaves nothing out."""
        return not self.filters and self.tags is None


EVERYTHING = Narrowing()


def check_filters(filters: Any) -> None:
    """Raises `InvalidInput` with the path of what is wrong."""
    _check(filters, "filters", 0, [MOST])


def passes(filters: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether what has these facts is meant. The filters have been checked."""
    return all(_clause(name, wanted, facts) for name, wanted in filters.items())


def _check(filters: Any, path: str, depth: int, room: list[int]) -> None:
    if not isinstance(filters, dict):
        raise InvalidInput.at(path, "object")
    if depth > DEEPEST:
        raise InvalidInput(f"filters: expected at most {DEEPEST} conditions inside one another")
    for name, wanted in filters.items():
        room[0] -= 1
        if room[0] < 0:
            raise InvalidInput(f"filters: expected at most {MOST} conditions")
        inside = f"{path}.{name}"
        if name in _LOGICAL:
            if not isinstance(wanted, list) or not wanted:
                raise InvalidInput.at(inside, "a list with at least one filter")
            for each in wanted:
                _check(each, inside, depth + 1, room)
        elif name == "$not":
            _check(wanted, inside, depth + 1, room)
        elif name.startswith("$"):
            raise InvalidInput.at(inside, f"the name of a metadata field or one of {', '.join((*_LOGICAL, '$not'))}")
        elif isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
            _check_operators(wanted, inside, depth + 1, room)


def _check_operators(operators: dict[str, Any], path: str, depth: int, room: list[int]) -> None:
    if depth > DEEPEST:
        raise InvalidInput(f"filters: expected at most {DEEPEST} conditions inside one another")
    for operator, wanted in operators.items():
        room[0] -= 1
        if room[0] < 0:
            raise InvalidInput(f"filters: expected at most {MOST} conditions")
        inside = f"{path}.{operator}"
        if operator == "$not":
            if not isinstance(wanted, dict):
                raise InvalidInput.at(inside, "an object of operators")
            _check_operators(wanted, inside, depth + 1, room)
        elif operator not in _OPERATORS:
            raise InvalidInput.at(inside, f"one of {', '.join((*_OPERATORS, '$not'))}")
        elif operator in _LISTS and not isinstance(wanted, list):
            raise InvalidInput.at(inside, "a list")


def _clause(name: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    match name:
        case "$and":
            return all(passes(each, facts) for each in wanted)
        case "$or":
            return any(passes(each, facts) for each in wanted)
        case "$nor":
            return not any(passes(each, facts) for each in wanted)
        case "$not":
            return not passes(wanted, facts)
    found = _values(facts, name.split("."))
    if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
        return _operators(wanted, found)
    return _equals(found, wanted)


def _operators(operators: Mapping[str, Any], found: Sequence[Any]) -> bool:
    return all(
        not _operators(wanted, found) if operator == "$not" else _OPERATORS[operator](found, wanted)
        for operator, wanted in operators.items()
    )


def _values(facts: Any, path: list[str]) -> list[Any]:
    """What lies at a path: none, one, or several where a list is on the way."""
    if not path:
        return [facts]
    if isinstance(facts, Mapping):
        whole = ".".join(path)
        if whole in facts:
            return [facts[whole]]
        return _values(facts[path[0]], path[1:]) if path[0] in facts else []
    if isinstance(facts, list | tuple):
        return [value for item in facts for value in _values(item, path)]
    return []


def _each(found: Sequence[Any]) -> list[Any]:
    """The values and the items of those that are lists."""
    return [*found, *(item for value in found if isinstance(value, list | tuple) for item in value)]


def _equals(found: Sequence[Any], wanted: Any) -> bool:
    if wanted is None and not found:
        return True
    return any(
        (type(value) is type(wanted) and value == wanted) or _same_number(value, wanted) for value in _each(found)
    )


def _same_number(value: Any, wanted: Any) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (value, wanted))
    return numbers and bool(value == wanted)


def _compares(compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any], Any], bool]:
    def holds(found: Sequence[Any], wanted: Any) -> bool:
        return any(_are_comparable(value, wanted) and compare(value, wanted) for value in _each(found))

    return holds


def _are_comparable(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return False
    numbers = isinstance(value, int | float) and isinstance(wanted, int | float)
    return numbers or (isinstance(value, str) and isinstance(wanted, str))


_OPERATORS: dict[str, Callable[[Sequence[Any], Any], bool]] = {
    "$eq": _equals,
    "$ne": lambda found, wanted: not _equals(found, wanted),
    "$gt": _compares(lambda value, wanted: value > wanted),
    "$gte": _compares(lambda value, wanted: value >= wanted),
    "$lt": _compares(lambda value, wanted: value < wanted),
    "$lte": _compares(lambda value, wanted: value <= wanted),
    "$in": lambda found, wanted: any(_equals(found, each) for each in wanted),
    "$nin": lambda found, wanted: not any(_equals(found, each) for each in wanted),
    "$all": lambda found, wanted: all(_equals(found, each) for each in wanted),
    "$exists": lambda found, wanted: bool(found) is bool(wanted),
}
_LISTS = ("$in", "$nin", "$all")
