"""The expressions of the first condition and set nodes: trees of comparisons, sums and parts that were written freely.

A tree is `{type, value, depth}`: two trees under `value` for what joins, one for `not`, a text for what ends a branch.
They were evaluated as formulas, in which `+` adds numbers and `^` is a power. Source: engine, section 1.10 ("if / set
(v1)"); the published types of the designer's steps.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from parley.domain.conditions import AllOf, AnyOf, Compare, Expression, Operator, Template, Test, Truthy, Value
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import DEEPEST, items, text

_COMPARED: dict[str, tuple[Operator, Operator]] = {
    "equals": ("is", "is_not"),
    "greater": ("greater_than", "less_or_equal"),
    "less": ("less_than", "greater_or_equal"),
}
"""What holds, and what holds when it does not."""
_JOINED = {"and": "&&", "or": "||"}
_WRITTEN = {
    **_JOINED,
    **{"equals": "==", "greater": ">", "less": "<"},
    **{"plus": "+", "minus": "-", "times": "*", "divide": "/"},
}
_FORMULA = {"and": "&&", "or": "||", "not": "!", "mod": "%", "^": "**"}
_FREE = re.compile(r""" "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \^ | \b(?:and|or|not|mod)\b """, re.VERBOSE)
_FREELY = "a formula that was written freely runs as JavaScript, without the functions that formulas had"


class Trees:
    """Reads the trees of one node. None: what cannot be expressed."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._has_told = False

    def test(self, tree: Any, *, holds: bool = True, depth: int = 0) -> Test | None:
        """The condition that the tree is; with `holds` False its opposite."""
        if not isinstance(tree, dict) or depth > DEEPEST:
            return None
        kind = text(tree.get("type"))
        sides = _sides(tree)
        if kind in _COMPARED and len(sides) == 2:
            left, right = (self.value(side, depth + 1) for side in sides)
            return None if left is None or right is None else Compare(left, _COMPARED[kind][not holds], right)
        if kind in _JOINED and sides:
            tests = [self.test(side, holds=holds, depth=depth + 1) for side in sides]
            found = tuple(test for test in tests if test is not None)
            if len(found) < len(tests):
                return None
            return AllOf(found) if (kind == "and") == holds else AnyOf(found)
        if kind == "not" and len(sides) == 1:
            return self.test(sides[0], holds=not holds, depth=depth + 1)
        source = self.source(tree, depth)
        return None if source is None else Truthy(source if holds else f"!({source})")

    def value(self, tree: Any, depth: int = 0) -> Value | None:
        """What the tree comes to."""
        if not isinstance(tree, dict):
            return None
        kind, written = text(tree.get("type")), tree.get("value")
        if kind == "variable" and text(written):
            return Template("{" + self._scene.names.variable(written) + "}")
        if kind == "value" and isinstance(written, str | int | float):
            return self._scene.conditions.value_of(str(written))
        source = self.source(tree, depth)
        return None if source is None else Expression(source)

    def source(self, tree: Any, depth: int = 0) -> str | None:
        """The tree as JavaScript."""
        if not isinstance(tree, dict) or depth > DEEPEST:
            return None
        kind, written = text(tree.get("type")), tree.get("value")
        if kind == "variable":
            name = self._scene.names.variable(written)
            return name if name.isidentifier() else None
        if kind == "value":
            return _literal(written)
        if kind == "advance":
            return self._free(text(written))
        sides = [self.source(side, depth + 1) for side in _sides(tree)]
        found = [side for side in sides if side is not None]
        if len(found) < len(sides):
            return None
        if kind == "not" and len(found) == 1:
            return f"!({found[0]})"
        if kind not in _WRITTEN or len(found) != 2:
            return None
        if kind == "plus":
            found = [f"Number({side})" for side in found]
        return f"({found[0]} {_WRITTEN[kind]} {found[1]})"

    def _free(self, written: str) -> str | None:
        source = self._scene.names.script(written).strip()
        if source and not self._has_told:
            self._scene.remark(_FREELY)
            self._has_told = True
        return f"({_FREE.sub(lambda m: _FORMULA.get(m[0], m[0]), source)})" if source else None


def _sides(tree: dict[str, Any]) -> list[Any]:
    value = tree.get("value")
    return [value] if isinstance(value, dict) else items(value)


def _literal(written: Any) -> str | None:
    """A value as JavaScript: a number, true or false where it reads as one, else a text."""
    if not isinstance(written, str):
        return msgspec.json.encode(written).decode() if isinstance(written, bool | int | float) else None
    if not written.strip():
        return None
    try:
        value = msgspec.json.decode(written.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        value = written
    value = value if isinstance(value, bool | int | float) else written
    return msgspec.json.encode(value).decode()
