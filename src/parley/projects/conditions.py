"""Values and conditions: what is written after `=`, `if` and `when`."""

from __future__ import annotations

import re
from typing import Any

from parley.domain.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Expression,
    Judged,
    Literally,
    Template,
    Test,
    Truthy,
    Value,
)
from parley.projects.draft import Draft
from parley.projects.expressions import fault_of
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of, name_of
from parley.projects.reading import check_keys, check_template, text_of
from parley.projects.step_shapes import COMPARISON, GROUP, JUDGED, OPERATORS

_PLACEHOLDER = re.compile(r"\{\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*\}", re.ASCII)
_PATH = re.compile(r"\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*", re.ASCII)
_ALONE = ("is_empty", "is_not_empty")
_NEVER = Truthy("false")


def value_of(node: Node, draft: Draft) -> Value:
    """`= expression`, a template, or a value as it stands."""
    if not isinstance(node, Scalar):
        return Literally(json_of(node))
    value = node.value
    if isinstance(value, str):
        text = value.rstrip("\n")
        if text.startswith("="):
            return Expression(_checked(text[1:].strip(), node, draft))
        if "{" in text:
            check_template(text, node, draft.problems, draft.is_readable, lambda: draft.names.variables)
        return Template(text) if _PLACEHOLDER.search(text) else Literally(text)
    return Literally(value)


def test_of(node: Node, draft: Draft, *, judged: bool = False) -> Test:
    """A JavaScript expression, a comparison, or a group of tests. `judged`: a model may decide some of it."""
    if isinstance(node, Scalar):
        source = text_of(node, draft.problems, "a condition")
        return Truthy(_checked(source, node, draft)) if source else _NEVER
    if isinstance(node, Listed):
        advice = "Write `all:` or `any:` before the list."
        draft.problems.error(node.mark, "a condition must be an expression or a mapping, and is a list", advice)
        return _NEVER
    assert isinstance(node, Mapped)
    if "all" in node.values or "any" in node.values:
        return _group(node, draft, judged)
    if "ask_model" in node.values:
        return _judged(node, draft, judged)
    return _comparison(node, draft)


def _judged(node: Mapped, draft: Draft, may_be: bool) -> Test:
    check_keys(node, JUDGED.keys, draft.problems, "what a language model decides")
    if not may_be:
        advice = "Put the step into one of the ways of an `if`."
        draft.problems.error(node.mark, "a language model can decide in `if` and `cases` only", advice)
    statement = draft.template(node.values["ask_model"], "`ask_model`")
    if not statement.strip():
        draft.problems.error(node.mark, "`ask_model` asks nothing", JUDGED.advice)
    return Judged(statement)


def _checked(source: str, node: Node, draft: Draft) -> str:
    fault = fault_of(source)
    if fault is not None:
        advice = "Compare with `==`." if re.search(r"[^=!<>]=\s*[^=>]", source) and "==" not in source else ""
        draft.problems.error(node.mark, f"`{source[:80]}` is not a JavaScript expression: {fault}", advice)
    elif re.match(r"\s*[A-Za-z_$][\w$.]*\s*=[^=>]", source):
        advice = f"Compare with `==`: `{re.sub(r'=', '==', source, count=1)[:80]}`."
        draft.problems.warn(node.mark, f"`{source[:80]}` assigns, it does not compare", advice)
    return source


def _group(node: Mapped, draft: Draft, judged: bool) -> Test:
    check_keys(node, GROUP.keys, draft.problems, "a group of conditions")
    groups: list[Test] = []
    for key, value in node.values.items():
        if key not in GROUP.keys:
            continue
        if not isinstance(value, Listed):
            draft.problems.error(value.mark, f"`{key}` must be a list of conditions, and is {name_of(value)}")
            continue
        tests = tuple(test_of(item, draft, judged=judged) for item in value.items)
        groups.append(AllOf(tests) if key == "all" else AnyOf(tests))
    return groups[0] if len(groups) == 1 else AllOf(tuple(groups))


def _comparison(node: Mapped, draft: Draft) -> Test:
    check_keys(node, COMPARISON.keys, draft.problems, "a comparison")
    left = _left(node, draft)
    tests = tuple(
        Compare(left, operator) if operator in _ALONE else Compare(left, operator, value_of(right, draft))
        for operator in OPERATORS
        if (right := node.get(operator)) is not None
    )
    if not tests:
        advice = "For example `{variable: tier, is: pro}`."
        draft.problems.error(node.mark, "a comparison needs an operator such as `is` or `greater_than`", advice)
        return _NEVER
    for operator in _ALONE:
        given: Any = node.get(operator)
        if given is not None and (not isinstance(given, Scalar) or given.value is not True):
            draft.problems.error(given.mark, f"`{operator}` takes `true`", f"Write `{operator}: true`.")
    return tests[0] if len(tests) == 1 else AllOf(tests)


def _left(node: Mapped, draft: Draft) -> Value:
    variable, value = node.get("variable"), node.get("value")
    if (variable is None) == (value is None):
        draft.problems.error(node.mark, "a comparison needs `variable` or `value`, and not both")
    if variable is None:
        return value_of(value, draft) if value is not None else Literally(None)
    name = text_of(variable, draft.problems, "`variable`")
    if name and _PATH.fullmatch(name) is None:
        advice = "For example `variable: order.items[0].price`; for more there is `value: = expression`."
        draft.problems.error(variable.mark, f"`{name[:80]}` is not a variable", advice)
    elif name:
        root = re.split(r"[.\[]", name, maxsplit=1)[0]
        if not draft.is_readable(root):
            draft.check_variable(root, variable)
    return Template(f"{{{name}}}")
