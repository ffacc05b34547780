"""Whether what a flow asks of its variables holds: the twelve operators, groups of them, and expressions.

What the operators mean, where the documentation is silent:

* Each side has a text: `true` and `false`, "" for null, JSON for lists and objects.
* `is` compares like JavaScript's `==`: two texts are the same only letter by letter, capitals included (a PIN `0042`
  is not `42`); a number and a text that looks like one compare as numbers (5 is "5", 5 is "5.0"). A boolean equals its
  text (true is "true"), and lists and objects their like.
* The four orderings compare as numbers when both sides look like numbers ("10" is greater than "9": variables hold
  what users typed), and otherwise their texts, by code point. So exactly one of `greater_than` and `less_or_equal`
  holds, whatever the sides.
* `contains`, `starts_with` and `ends_with` take no notice of capitals: they look for words in what users typed. A
  list contains its items, an object its keys.
* `is_empty`: null, a blank text, an empty list or object, and the number 0, because every declared variable is 0
  until it is set and designers ask "has this been answered?". `is` 0 asks for zero itself. "0" and false are answers.

Source: Conversations API, section 8 (the operators) and section 6 (the 0 of an unset variable).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, assert_never

from parley.domain.conditions import AllOf, AnyOf, Compare, Judged, Operator, Test, Truthy
from parley.domain.traces import debug
from parley.engine.templates import text_of
from parley.engine.turn import Turn
from parley.engine.values import evaluate, evaluate_source

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\s*", re.ASCII)
_PLAIN_NUMBERS = frozenset((int, float))
_LONGEST_NUMBER = 400
"""Longer texts of digits are texts."""


def holds(test: Test, turn: Turn) -> bool:
    """Whether the test holds now. An expression that fails does not hold and leaves a debug trace.

    Nor does what a model has to decide: that is for `engine.deciding`, which may wait.
    """
    match test:
        case Compare():
            return _OPERATORS[test.operator](evaluate(test.left, turn), evaluate(test.right, turn))
        case AllOf():
            for each in test.tests:  # noqa: SIM110 (a loop takes half the time of `all` over a generator)
                if not holds(each, turn):
                    return False
            return True
        case AnyOf():
            for each in test.tests:  # noqa: SIM110
                if holds(each, turn):
                    return True
            return False
        case Truthy():
            return _truthy(evaluate_source(test.source, turn))
        case Judged():
            turn.emit(debug("only a condition step can ask a model to decide", level="error", context="condition"))
            return False
        case _:
            assert_never(test)


def number_of(value: Any) -> float | None:
    """The number that the value is or looks like; None where it does not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        return float(value)
    return None


def _truthy(value: Any) -> bool:
    """As JavaScript sees it: empty lists and objects are truthy."""
    return bool(value) or isinstance(value, list | dict)


def _is(left: Any, right: Any) -> bool:
    if type(left) is type(right):
        return bool(left == right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    x, y = number_of(left), number_of(right)
    if x is not None and y is not None:
        return x == y
    return text_of(left) == text_of(right)


def _is_greater(left: Any, right: Any) -> bool:
    if type(left) in _PLAIN_NUMBERS and type(right) in _PLAIN_NUMBERS:
        return bool(left > right)
    x, y = number_of(left), number_of(right)
    if x is not None and y is not None:
        return x > y
    return text_of(left) > text_of(right)


def _contains(left: Any, right: Any) -> bool:
    part = text_of(right).casefold()
    if isinstance(left, list | dict):
        return any(_is(item, right) or text_of(item).casefold() == part for item in left)
    return part in text_of(left).casefold()


def _is_empty(left: Any) -> bool:
    if isinstance(left, str):
        return not left or left.isspace()
    return left is not False and not left


_OPERATORS: dict[Operator, Callable[[Any, Any], bool]] = {
    "is": _is,
    "is_not": lambda left, right: not _is(left, right),
    "greater_than": _is_greater,
    "greater_or_equal": lambda left, right: not _is_greater(right, left),
    "less_than": lambda left, right: _is_greater(right, left),
    "less_or_equal": lambda left, right: not _is_greater(left, right),
    "contains": _contains,
    "not_contains": lambda left, right: not _contains(left, right),
    "starts_with": lambda left, right: text_of(left).casefold().startswith(text_of(right).casefold()),
    "ends_with": lambda left, right: text_of(left).casefold().endswith(text_of(right).casefold()),
    "is_empty": lambda left, _: _is_empty(left),
    "is_not_empty": lambda left, _: not _is_empty(left),
}
