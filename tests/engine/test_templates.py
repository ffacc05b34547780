"""Templates: what a placeholder becomes, and that nothing else does."""

from __future__ import annotations

import time
from typing import Any

import pytest
from a_turn import variables
from hypothesis import given
from hypothesis import strategies as st

from parley.engine.templates import compile_template, render, render_json, render_slate, slate_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["a", "b", "name", "_x"])
TEMPLATES = st.lists(
    st.text() | st.sampled_from(["{a}", "{b.c}", "{name[0].x}", "{_x.length}", "{", "}", "{a", "[0]", "{a.0}"]),
    max_size=6,
).map("".join)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {name}!", "Hello Ada!"),
        ("{order.lines[1].price}", "2.5"),
        ("{list[0]} of {list.length}", "7 of 2"),
        ("{packed.a[0].b}", "deep"),
        ("{order.gone} {list[9]} {name.x} {none.x}", "0 0 0 0"),
        ("{unknown} {unknown.path[0]}", "{unknown} {unknown.path[0]}"),
        ("{ name} {na-me} {} {{name}}", "{ name} {na-me} {} {Ada}"),
        ("{pi} {half} {whole} {tiny} {huge}", "3.1416 0.5 4 0 1e+300"),
        ("{yes} {no} [{none}]", "true false []"),
        ("{list} {pair}", '[7,"x"] {"a":1}'),
    ],
)
def test_a_placeholder_becomes_the_text_of_its_value(text: str, said: str) -> None:
    known = variables(
        name="Ada",
        order={"lines": [{"price": 1}, {"price": 2.5}]},
        list=[7, "x"],
        packed='{"a":[{"b":"deep"}]}',
        pi=3.14159265,
        half=0.5,
        whole=4.0,
        tiny=-0.00001,
        huge=1e300,
        yes=True,
        no=False,
        none=None,
        pair={"a": 1},
    )
    assert render(text, known) == said


def test_what_a_user_typed_never_becomes_a_template() -> None:
    known = variables(reply="{secret} {reply} {a.b}", secret="s3cret", a="{secret}")
    assert render("You said {reply}, {a}", known) == "You said {secret} {reply} {a.b}, {secret}"
    assert render_json({"said": "{reply}"}, known) == {"said": "{secret} {reply} {a.b}"}
    assert render_slate(slate_of("{reply}"), known) == [{"children": [{"text": "{secret} {reply} {a.b}"}]}]


def test_pieces_of_values_do_not_join_into_a_placeholder() -> None:
    assert render("{open}secret{close}", variables(open="{", close="}", secret="no")) == "{secret}"


def test_a_template_that_is_one_placeholder_keeps_the_type() -> None:
    known = variables(n=5, order={"lines": [1]}, packed="[1,2]")
    assert compile_template("{n}").value(known) == 5
    assert compile_template("{order.lines}").value(known) == [1]
    assert compile_template("{packed[1]}").value(known) == 2
    assert compile_template(" {n}").value(known) == " 5"
    assert compile_template("{unknown}").value(known) == "{unknown}"


def test_json_is_rendered_throughout_and_copied() -> None:
    body = {"who": "{name}", "n": ["{n}", 1, None, {"deep": "no. {n}"}]}
    known = variables(name="Ada", n=5)
    assert render_json(body, known) == {"who": "Ada", "n": [5, 1, None, {"deep": "no. 5"}]}
    assert body["who"] == "{name}"


def test_rich_text_keeps_its_form_and_renders_its_leaves_and_links() -> None:
    slate = [{"children": [{"text": "Hi {name}", "bold": True}, {"type": "link", "url": "/{name}", "children": []}]}]
    assert render_slate(slate, variables(name="Ada")) == [
        {"children": [{"text": "Hi Ada", "bold": True}, {"type": "link", "url": "/Ada", "children": []}]}
    ]


def test_plain_text_becomes_a_paragraph_a_line() -> None:
    assert slate_of("a\n\nb") == [
        {"children": [{"text": "a"}]},
        {"children": [{"text": ""}]},
        {"children": [{"text": "b"}]},
    ]


@pytest.mark.parametrize("text", ["{a" + ".b" * 50_000, "{" * 100_000, "{a[" + "9" * 100_000, "{a" + "[0]" * 50_000])
def test_no_text_takes_long_to_prepare(text: str) -> None:
    begun = time.process_time()
    assert render(text, variables(a=1)) == text
    assert time.process_time() - begun < 1


def test_numbers_too_large_for_anything_are_still_said() -> None:
    assert render("{n} {m}", variables(n=10**5000, m=-(10**400))) == "Infinity -Infinity"


@given(TEMPLATES, st.dictionaries(NAMES, JSON))
def test_every_text_renders_with_every_json(text: str, values: dict[str, Any]) -> None:
    known = variables(**values)
    assert isinstance(render(text, known), str)
    compile_template(text).value(known)
    render_json(values, known)


@given(st.text(), st.dictionaries(NAMES, JSON))
def test_a_text_without_placeholders_stays_as_it_is(text: str, values: dict[str, Any]) -> None:
    assert render(text.replace("{", "("), variables(**values)) == text.replace("{", "(")


@given(st.text())
def test_a_text_value_is_rendered_verbatim(text: str) -> None:
    assert render("<{a}>", variables(a=text)) == f"<{text}>"
