"""What a flow can ask of its variables and of a model: comparisons, groups, JavaScript expressions, statements.

Source: Conversations API, section 8 (the twelve operators).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Operator = Literal[
    "is",
    "is_not",
    "greater_than",
    "greater_or_equal",
    "less_than",
    "less_or_equal",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "is_empty",
    "is_not_empty",
]


class Literally(Struct, frozen=True, tag_field="is", tag="literal"):
    """A JSON value as it stands."""

    value: Any


class Template(Struct, frozen=True, tag_field="is", tag="template"):
    """A text with `{variable.path[0]}` in it. A template that is one placeholder alone keeps the value's type."""

    text: str


class Expression(Struct, frozen=True, tag_field="is", tag="expression"):
    """A JavaScript expression over the variables."""

    source: str


Value = Literally | Template | Expression


class Compare(Struct, frozen=True, tag_field="test", tag="compare"):
    """One comparison. `right` is not looked at by `is_empty` and `is_not_empty`."""

    left: Value
    operator: Operator
    right: Value = Literally(None)


class Truthy(Struct, frozen=True, tag_field="test", tag="truthy"):
    """A JavaScript expression that must be truthy."""

    source: str


class AllOf(Struct, frozen=True, tag_field="test", tag="all"):
    """Every test must hold; holds when there is none."""

    tests: tuple[Test, ...]


class AnyOf(Struct, frozen=True, tag_field="test", tag="any"):
    """One test must hold; fails when there is none."""

    tests: tuple[Test, ...]


class Judged(Struct, frozen=True, tag_field="test", tag="judged"):
    """A statement, a template, that a language model must find true of the conversation. Only condition steps ask."""

    statement: str


Test = Compare | Truthy | AllOf | AnyOf | Judged
