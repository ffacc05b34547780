"""Conditions: what the twelve operators mean, groups, and expressions that fail."""

from __future__ import annotations

from typing import Any

import pytest
from a_turn import a_turn
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.conditions import AllOf, AnyOf, Compare, Literally, Template, Truthy
from parley.domain.traces import DebugTrace
from parley.engine.conditions import holds

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["5", "5.0", " 7 ", "1e3", "0x10"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def compare(left: Any, operator: Any, right: Any = None) -> bool:
    turn, said = a_turn()
    held = holds(Compare(Literally(left), operator, Literally(right)), turn)
    assert said == []
    return held


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("5", 5, True),
        (5, "5.0", True),
        (5.0, 5, True),
        ("0042", "42", False),
        ("0042", 42, True),
        ("yes", "Yes", False),
        (True, "true", True),
        (True, 1, False),
        (None, "", True),
        (None, 0, False),
        ([1, 2], [1, 2], True),
        ([1, 2], "[1,2]", True),
        ({"a": 1}, {"a": 2}, False),
        ("", 0, False),
    ],
)
def test_is_compares_like_a_designer_reads(left: Any, right: Any, same: bool) -> None:
    assert compare(left, "is", right) is same
    assert compare(right, "is", left) is same
    assert compare(left, "is_not", right) is not same


@pytest.mark.parametrize(
    ("left", "right", "greater"),
    [
        ("10", "9", True),
        ("10", 9, True),
        ("b", "a", True),
        ("10", "9a", False),
        (2, "1.5", True),
        (" 3 ", "2", True),
        (-1, "0", False),
    ],
)
def test_numbers_are_ordered_as_numbers_and_all_else_as_texts(left: Any, right: Any, greater: bool) -> None:
    assert compare(left, "greater_than", right) is greater
    assert compare(right, "less_than", left) is greater
    assert compare(left, "less_or_equal", right) is not greater


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("I want a Pizza", "contains", "pizza"),
        (["Small", "large"], "contains", "small"),
        ([1, 2], "contains", "2"),
        ({"size": 1}, "contains", "size"),
        (12345, "contains", 34),
        ("abc", "not_contains", "z"),
        ([], "not_contains", "x"),
        ("Order pizza", "starts_with", "order"),
        ("Order pizza", "ends_with", "PIZZA"),
    ],
)
def test_parts_are_found_whatever_the_capitals(left: Any, operator: str, right: Any) -> None:
    assert compare(left, operator, right)


@pytest.mark.parametrize("value", [None, "", "  ", [], {}, 0, 0.0])
def test_what_was_never_answered_is_empty(value: Any) -> None:
    assert compare(value, "is_empty")
    assert not compare(value, "is_not_empty")


@pytest.mark.parametrize("value", ["0", False, 1, "x", [0], {"a": None}])
def test_an_answer_is_not_empty(value: Any) -> None:
    assert not compare(value, "is_empty")


def test_groups_stop_at_the_first_that_decides() -> None:
    turn, said = a_turn(x=1)
    yes, no, broken = Truthy("x == 1"), Truthy("x == 2"), Truthy("x.y.z")
    assert holds(AnyOf((no, yes, broken)), turn)
    assert not holds(AllOf((yes, no, broken)), turn)
    assert said == []
    assert holds(AllOf(()), turn)
    assert not holds(AnyOf(()), turn)


def test_an_expression_that_fails_does_not_hold_and_says_why() -> None:
    turn, said = a_turn(x=1)
    assert not holds(Truthy("x.y.z"), turn)
    (trace,) = said
    assert isinstance(trace, DebugTrace)
    assert (trace.payload.level, trace.payload.context) == ("error", "expression")
    assert "x.y.z" in trace.payload.message


@pytest.mark.parametrize(
    ("source", "truthy"),
    [("[]", True), ("({})", True), ("''", False), ("'0'", True), ("NaN", False), ("nobody", False)],
)
def test_truth_is_that_of_javascript(source: str, truthy: bool) -> None:
    assert holds(Truthy(source), a_turn()[0]) is truthy


def test_sides_may_be_templates() -> None:
    turn, _ = a_turn(age="21", limits={"adult": 18})
    assert holds(Compare(Template("{age}"), "greater_or_equal", Template("{limits.adult}")), turn)


def test_what_a_user_typed_is_not_code() -> None:
    turn, said = a_turn(reply="'; while(1); '")
    assert not holds(Compare(Template("{reply}"), "is", Literally("x")), turn)
    assert holds(Truthy("reply.includes('while')"), turn)
    assert said == []


@given(JSON, JSON)
def test_comparisons_are_total(left: Any, right: Any) -> None:
    assert compare(left, "is", right) is not compare(left, "is_not", right)
    assert compare(left, "greater_than", right) is not compare(left, "less_or_equal", right)
    assert compare(left, "less_than", right) is not compare(left, "greater_or_equal", right)
    assert compare(left, "greater_than", right) is compare(right, "less_than", left)
    assert compare(left, "contains", right) is not compare(left, "not_contains", right)
    assert compare(left, "is_empty") is not compare(left, "is_not_empty")
    assert isinstance(compare(left, "starts_with", right), bool)
    assert isinstance(compare(left, "ends_with", right), bool)


@given(JSON, JSON)
def test_is_means_the_same_from_both_sides(left: Any, right: Any) -> None:
    assert compare(left, "is", right) is compare(right, "is", left)
