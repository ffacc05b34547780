"""YAML as it was written: scalars keep their text, everything knows its place. Knows nothing of agents.

Plain `Yes`, `no` and `on` are texts. Aliases share their node; one that would expand too far, or that contains
itself, is refused, and so is what is nested too deep: whoever walks the nodes may recurse.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from parley.projects.problems import Mark

MOST_NODES = 200_000
"""Of one file, with its aliases expanded."""
DEEPEST = 60

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,15})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,15})?(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_LARGEST = 2**53


class Node(Struct, frozen=True, eq=False):
    """What all have: a place, how many nodes it expands to, and how deep it is."""

    mark: Mark
    size: int
    depth: int


class Scalar(Node, frozen=True, eq=False):
    """A text. `plain`: written without quotes, so that it may stand for a number, a boolean or null."""

    text: str
    plain: bool

    @property
    def value(self) -> str | int | float | bool | None:
        """The JSON value that it stands for. A number that would lose digits, or starts with a 0, stays a text."""
        if not self.plain:
            return self.text
        if self.text.lower() in _WORDS:
            return _WORDS[self.text.lower()]
        if _INTEGER.fullmatch(self.text):
            number = int(self.text)
            return number if abs(number) <= _LARGEST else self.text
        if _FLOAT.fullmatch(self.text) and self.text[-1].isdigit():
            real = float(self.text)
            return real if abs(real) < float("inf") else self.text
        return self.text

    @property
    def is_empty(self) -> bool:
        """Nothing was written."""
        return self.plain and not self.text


class Listed(Node, frozen=True, eq=False):
    """A list."""

    items: tuple[Node, ...]


class Mapped(Node, frozen=True, eq=False):
    """Keys, each once, with their values; in the order in which they were written."""

    keys: dict[str, Scalar]
    values: dict[str, Node]

    def get(self, key: str) -> Node | None:
        """The value under this key; None where there is no such key."""
        return self.values.get(key)


def json_of(node: Node) -> Any:
    """The JSON value that the node stands for."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Listed):
        return [json_of(item) for item in node.items]
    if isinstance(node, Mapped):
        return {key: json_of(value) for key, value in node.values.items()}
    raise TypeError(type(node))


def name_of(node: Node) -> str:
    """What kind of thing was found, for messages."""
    if isinstance(node, Listed):
        return "a list"
    if isinstance(node, Mapped):
        return "a mapping"
    if isinstance(node, Scalar) and node.is_empty:
        return "nothing"
    return "a text"
