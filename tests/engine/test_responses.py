"""What is found in a response, and JSON texts with the words of users in them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.a_turn import variables

from parley.engine.json_text import render_json_text
from parley.engine.response_path import MISSING, find_in

FOUND = {"a": {"b": [{"c": 1}, {"c": "2"}]}, "response": {"x": 5}, "s": "text", "n": None, "with space": 1, "list": [4]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b[0].c", 1),
        ("a.b[1].c", 2),
        ("a.b[-1].c", 2),
        ("response.a.b[0].c", 1),
        ("response.x", 5),
        ("response.response.x", 5),
        ("a.b.length", 2),
        ("a.b[5].c", MISSING),
        ("a.x.y", MISSING),
        ("n", None),
        ("with space", 1),
        ('["with space"]', 1),
        ("list[{random}]", 4),
        ("s", "text"),
        ("", FOUND),
    ],
)
def test_paths(path: str, value: Any) -> None:
    assert find_in(FOUND, path, Random(1)) == value


def test_a_response_is_whole_under_its_own_name() -> None:
    assert find_in({"a": 1}, "response", Random(1)) == {"a": 1}
    assert find_in([1, 2], "response[1]", Random(1)) == 2
    assert find_in([1, 2], "[0]", Random(1)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("5.50", 5.5), ("-3e2", -300), ("0x10", "0x10"), ("", ""), (" 5", " 5"), ("1" * 15, int("1" * 15))],
)
def test_texts_that_are_short_numbers_become_numbers(text: str, value: Any) -> None:
    assert find_in({"a": text}, "a", Random(1)) == value
    assert find_in({"a": "1" * 16}, "a", Random(1)) == "1" * 16


@given(st.text(max_size=40), st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_no_path_raises(path: str, response: Any) -> None:
    find_in(response, path, Random(1))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))), st.integers() | st.booleans() | st.none())
def test_the_words_of_users_stay_inside_of_their_strings(words: str, value: Any) -> None:
    text = r'{"a": "say \"{words}\"", "b": {value}, "c": [{list}], "k{words}": "{nobody}"}'
    rendered = json.loads(render_json_text(text, variables(words=words, value=value, list={"x": words})))
    assert rendered["a"] == f'say "{words}"'
    assert rendered["b"] == value
    assert rendered["c"] == [{"x": words}]
    assert rendered[f"k{words}"] == "{nobody}"
