"""Rich text in agents' files: what Markdown stands for, and that any rich text comes back from a file as it was."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conversations.driver import engine_driver

from parley.domain.program import Entity, Intent, Program, Trigger, Variable, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import ActionPath, Api, CardContent, Cards, Choice, CustomAction, Message, Option, Said
from parley.domain.world_steps import Captured, Pair
from parley.projects.export import export_with_report
from parley.projects.load import load
from parley.projects.markdown import Unclosed, markdown_of, slate_of
from parley.projects.slate import plain

BOLD = {"fontWeight": "700"}


def again(program: Program) -> Program:
    """The program after a way through files, which say all of it."""
    with TemporaryDirectory() as folder:
        exported = export_with_report(Project("p", "P", (Environment("main", program, 100),)), Path(folder) / "agent")
        assert exported.lost == ()
        return load(Path(folder) / "agent").project.environments[0].program


def program_of(*steps: Any, **more: Any) -> Program:
    return Program("P", "main", {"main": Workflow("main", "main", {s.id: s for s in steps}, steps[0].id)}, **more)


def only(program: Program) -> Any:
    return next(iter(program.workflows["main"].steps.values()))


def test_markdown_stands_for_leaves_links_and_paragraphs() -> None:
    assert slate_of("Hi **{name}**, see [the *docs*](https://x).\n~~a~~ <u>b</u>") == [
        {
            "children": [
                {"text": "Hi "}, {"text": "{name}", **BOLD}, {"text": ", see "},
                {"type": "link", "url": "https://x", "children": [{"text": "the "}, {"text": "docs", "italic": True}]},
                {"text": "."},
            ]
        },
        {"children": [{"text": "a", "strikeThrough": True}, {"text": " "}, {"text": "b", "underline": True}]},
    ]  # fmt: skip


@pytest.mark.parametrize("text", [r"5 * 3 \*a\* \[x\](y)", "a_b `c` # d", "[x] (y)", r"\\ \<u>"])
def test_what_is_no_mark_is_text(text: str) -> None:
    (paragraph,) = slate_of(text)
    assert len(paragraph["children"]) == 1
    assert markdown_of([paragraph]) is not None


@pytest.mark.parametrize("text", ["**a", "a</u>", "[**a](b)**", "<u>a<u>b</u>"])
def test_an_open_mark_is_refused(text: str) -> None:
    with pytest.raises(Unclosed):
        slate_of(text)


TEXTS = st.text(st.sampled_from("ab *_~<u>/[]()\\{}x.\n:#-'\" é"), max_size=8)
STYLES = st.fixed_dictionaries(
    {},
    optional={
        "fontWeight": st.sampled_from(["700", "400"]), "italic": st.booleans(), "underline": st.just(True),
        "strikeThrough": st.just(True), "color": st.just({"r": 1, "a": 0.5}),
    },
)  # fmt: skip
LEAVES = st.builds(lambda text, style: {"text": text, **style}, st.one_of(TEXTS, st.just("{name}")), STYLES)
LINKS = st.builds(
    lambda url, inner: {"type": "link", "url": url, "children": inner},
    st.sampled_from(["https://x/y", "mailto:{name}", "a (b)", ""]),
    st.lists(LEAVES, max_size=2),
)
PARAGRAPHS = st.builds(lambda parts: {"children": parts}, st.lists(st.one_of(LEAVES, LINKS), max_size=4))
SLATES = st.lists(st.one_of(PARAGRAPHS, LEAVES), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(SLATES)
def test_any_rich_text_comes_back_as_it_was(slate: list[Any]) -> None:
    said = (Said(plain(slate), slate),)
    card = Cards("b", cards=(CardContent("Title", plain(slate), slate),))
    found = again(program_of(Message("a", then="b", variants=said), card, variables={"name": Variable("")}))
    message, cards = (step for step in found.workflows["main"].steps.values() if isinstance(step, Message | Cards))
    assert isinstance(message, Message) and isinstance(cards, Cards)
    assert message.variants == said
    assert (cards.cards[0].text, cards.cards[0].slate) == (plain(slate), slate)


async def test_a_text_trace_has_the_rich_text_with_its_values() -> None:
    slate = slate_of("Hi **{name}**")
    send = engine_driver(
        program_of(Message("a", variants=(Said(plain(slate), slate),)), variables={"name": Variable("Ada")})
    )
    (text,) = [t for t in (await send({"type": "launch"}, {})).traces if t["type"] == "text"]
    assert text["payload"]["slate"]["content"] == [{"children": [{"text": "Hi "}, {"text": "Ada", **BOLD}]}]
    assert text["payload"]["message"] == "Hi Ada"


def test_names_stay_what_clients_see() -> None:
    program = program_of(
        Choice("a", options=(Option("o", "Book", "Book a ride (now)!"), Option("o2", "Same"), Option("o3", "Same"))),
        variables={"first-name": Variable(1), "2nd": Variable("x"), "user name": Variable(None)},
        entities={"bike-kind": Entity("bike-kind", builtin="text")},
        intents={
            "Book a ride (now)!": Intent("Book a ride (now)!", ("book",)),
            "Ärger: 1": Intent("Ärger: 1", ("grr",)),
        },
        triggers=(Trigger("main", intent="Ärger: 1"),),
    )
    found = again(program)
    assert (found.variables, found.entities, found.intents) == (program.variables, program.entities, program.intents)
    assert [option.label for option in only(found).options] == ["Book", "Same", "Same"]
    assert found.triggers == program.triggers


def test_marks_and_doubles_stay() -> None:
    paths = (ActionPath("done"), ActionPath("done"))
    action = CustomAction("a", then="b", action="pay", body="{sum}", body_is_json=True, stop=True, paths=paths)
    api = Api(
        "b",
        url="https://example.org",
        method="POST",
        headers=(Pair("tag", "a"), Pair("tag", "b")),
        captures=(Captured("x", "sum"), Captured("y", "sum"), Captured("z", "user_id")),
    )
    found = again(program_of(action, api, variables={"sum": Variable(0)}))
    steps = found.workflows["main"].steps.values()
    (action_again,) = (step for step in steps if isinstance(step, CustomAction))
    (api_again,) = (step for step in steps if isinstance(step, Api))
    assert (action_again.body, action_again.body_is_json, len(action_again.paths)) == ("{sum}", True, 2)
    assert (api_again.headers, api_again.captures) == (api.headers, api.captures)
