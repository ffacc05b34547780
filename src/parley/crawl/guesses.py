"""Values under which a test may hold: what its author compares a variable with, and what lies beside that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from parley.domain.conditions import AllOf, AnyOf, Compare, Expression, Literally, Template, Test, Truthy

_MOST_TRIES = 400
_MOST_VARIABLES = 4
_IDENTIFIER = re.compile(r"(?<![\w.'\"])[A-Za-z_]\w*")
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'|`([^`$]*)`")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_PLACE = re.compile(r"\{(\w+)")
_COMMON: tuple[Any, ...] = ("", 0, 1, True, False, None, "yes", [], ["a"], {}, 1000)


def names_in(test: Test) -> list[str]:
    """The variables that a test looks at; words of the language may be among them."""
    return list(dict.fromkeys(name for source in _sources(test) for name in _names(source)))


def literals_in(test: Test) -> list[Any]:
    """What a test compares with."""
    found: list[Any] = []
    for source in _sources(test):
        if isinstance(source, str):
            found += ["".join(match.groups(default="")) for match in _STRING.finditer(source)]
            found += [float(n) if "." in n else int(n) for n in _NUMBER.findall(_STRING.sub("", source))]
        elif isinstance(source, Literally):
            found.append(source.value)
        elif isinstance(source, Template) and "{" not in source.text:
            found.append(source.text)
    unique: list[Any] = []
    for value in found:
        if not any(value == known and type(value) is type(known) for known in unique):
            unique.append(value)
    return unique


def values_for(
    tests: Sequence[Test], variables: Mapping[str, Any], holds: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any] | None:
    """Values of the tests' variables with which it `holds`; None where none of the guesses will do."""
    looked_at = dict.fromkeys(name for test in tests for name in names_in(test))
    names = [name for name in looked_at if name in variables][:_MOST_VARIABLES]
    if not names:
        return None
    guesses = list(_beside([value for test in tests for value in literals_in(test)]))
    for values in islice(product(guesses, repeat=len(names)), _MOST_TRIES):
        guess = dict(zip(names, values, strict=True))
        if holds(guess):
            return guess
    return None


def _beside(literals: list[Any]) -> Iterator[Any]:
    for value in literals:
        yield value
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield from (value + 1, value - 1)
    yield from _COMMON


def _sources(test: Test) -> Iterator[Any]:
    """Values of comparisons, and the text of expressions."""
    if isinstance(test, Compare):
        for value in (test.left, test.right):
            yield value.source if isinstance(value, Expression) else value
    elif isinstance(test, Truthy):
        yield test.source
    elif isinstance(test, AllOf | AnyOf):
        for each in test.tests:
            yield from _sources(each)


def _names(source: Any) -> list[str]:
    if isinstance(source, str):
        return _IDENTIFIER.findall(_STRING.sub("", source))
    return _PLACE.findall(source.text) if isinstance(source, Template) else []
