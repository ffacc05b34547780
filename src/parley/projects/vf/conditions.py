"""What exports test, as the tests that Parley runs: the trees of `ifV2`, the assertions of newer nodes, scripts.

Source: engine, section 3 (data of the nodes); Conversations API, section 8 (operators).
"""

from __future__ import annotations

from typing import Any

from parley.domain.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Expression,
    Literally,
    Operator,
    Template,
    Test,
    Truthy,
    Value,
)
from parley.projects.vf.names import Names
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.shapes import DEEPEST, Obj, at, items, objects, text

_OPERATORS: dict[str, Operator] = {
    "is": "is",
    "is_not": "is_not",
    "equals": "is",
    "not_equal": "is_not",
    "not_equals": "is_not",
    "greater": "greater_than",
    "greater_than": "greater_than",
    "greater_or_equal": "greater_or_equal",
    "less": "less_than",
    "less_than": "less_than",
    "less_or_equal": "less_or_equal",
    "contains": "contains",
    "not_contain": "not_contains",
    "not_contains": "not_contains",
    "does_not_contain": "not_contains",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
    "has_value": "is_not_empty",
    "is_empty": "is_empty",
    "is_not_empty": "is_not_empty",
}
_ADVANCED = ("advance", "expression", "script")


class Conditions:
    """Reads conditions. Every reader answers None for what it cannot express."""

    def __init__(self, names: Names, rich: RichText) -> None:
        self._names = names
        self._rich = rich

    def tree(self, node: Any, depth: int = 0) -> Test | None:
        """An expression of `ifV2`: a comparison, or a group of them."""
        if not isinstance(node, dict) or depth > DEEPEST:
            return None
        kind, value = text(node.get("type")), node.get("value")
        if kind in _ADVANCED or isinstance(value, str):
            return self.script(value)
        if kind in _OPERATORS:
            return self._comparison(_OPERATORS[kind], items(value))
        if kind in ("", "and", "or"):
            return _group([self.tree(each, depth + 1) for each in items(value)], any_of=kind == "or")
        return None

    def assertions(self, value: Any) -> Test | None:
        """The condition of an item or a variant of the newer kinds: assertions, or a script."""
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("value"), dict):
            value = value["value"]
        if value.get("type") == "script" or "code" in value:
            return self.script(value.get("code", value.get("script")))
        tests = [self._assertion(each) for each in objects(value.get("assertions"))]
        return _group(tests, any_of=value.get("matchAll") is False)

    def script(self, value: Any) -> Test | None:
        """A JavaScript expression, or a body with `return`."""
        source = self.source(value)
        return Truthy(source) if source else None

    def source(self, value: Any) -> str:
        """JavaScript as one expression; empty where there is none."""
        written = self._names.script(self._code(value)).strip()
        if not written:
            return ""
        return f"(() => {{ {written}\n}})()" if "return" in written else written.rstrip("; \n")

    def value_of(self, source: str) -> Value:
        """A literal of the editor: a template where it refers to variables."""
        template = self._names.template(source)
        return Template(template) if "{" in template else Literally(template)

    def _code(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        parts: list[str] = []
        for part in items(value):
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, dict) and text(part.get("variableID")):
                parts.append(self._names.variable(part["variableID"]))
            elif isinstance(part, dict):
                parts.append("".join(p if isinstance(p, str) else self._mention(p) for p in items(part.get("text"))))
        return "".join(parts)

    def _mention(self, part: Any) -> str:
        return self._names.variable(at(part, "variableID") or at(part, "entityID"))

    def _comparison(self, operator: Operator, sides: list[Any]) -> Test | None:
        if not sides:
            return None
        left, right = self._side(sides[0]), self._side(sides[1]) if len(sides) > 1 else Literally("")
        return None if left is None or right is None else Compare(left, operator, right)

    def _side(self, side: Any) -> Value | None:
        if not isinstance(side, dict):
            return None
        kind, value = text(side.get("type")), side.get("value")
        if kind == "variable" and text(value):
            return Template("{" + self._names.variable(value) + "}")
        if kind in _ADVANCED:
            source = self.source(value)
            return Expression(source) if source else None
        if isinstance(value, str):
            return self.value_of(value)
        return (
            Literally(value) if kind == "value" and (value is None or isinstance(value, bool | int | float)) else None
        )

    def _assertion(self, assertion: Obj) -> Test | None:
        operator = _OPERATORS.get(text(assertion.get("operation")))
        variable = at(assertion, "lhs", "variableID")
        if operator is None or not text(variable):
            return None
        left = self._rich.template([{"text": [assertion["lhs"]]}])
        right = assertion.get("rhs")
        compared = self.value_of(right) if isinstance(right, str) else self.value_of(self._rich.template(right).strip())
        return Compare(Template(left), operator, compared)


def _group(tests: list[Test | None], any_of: bool) -> Test | None:
    found = tuple(test for test in tests if test is not None)
    if not found or len(found) < len(tests):
        return None
    if len(found) == 1:
        return found[0]
    return AnyOf(found) if any_of else AllOf(found)
