"""The kinds of node that only the first exports have: trees of conditions and sums, early captures and cards."""

from __future__ import annotations

from typing import Any

import pytest
from tests.projects.vf_files import imported, program_of
from tests.projects.vf_walk import Walk, spoken

from parley.domain.conditions import AllOf, Compare, Expression, Literally, Template, Truthy
from parley.domain.program import Program, RequiredEntity, Trigger
from parley.domain.steps import Assignment, Branch, Capture, Condition, GoTo, Said, Set, WantedEntity
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.shapes import Obj

MUSEUM = "museum_2021.vf"


def museum() -> Program:
    return program_of(imported(MUSEUM))


def step(id: str) -> Any:
    return museum().workflows["m-root"].steps[id]


def remarks(id: str) -> tuple[str, ...]:
    (found,) = [node for node in imported(MUSEUM).nodes if node.node == id]
    assert (found.outcome == "exact") == (not found.remarks)
    return found.remarks


def walk(group: Any = 3) -> Walk:
    return Walk(museum(), group=group)


def leaf(kind: str, value: Any) -> Obj:
    return {"type": kind, "value": value, "depth": 0}


def becomes(tree: Any) -> Any:
    """What the tree becomes as the only branch of a condition."""
    data = {"expressions": [tree], "ports": [{"target": None}, {"target": None}]}
    nodes = {"s": {"type": "start", "data": {"ports": [{"target": "c"}]}}, "c": {"type": "if", "data": data}}
    export = {"version": {"rootDiagramID": "d", "variables": ["a"]}, "diagrams": {"d": {"nodes": nodes}}}
    condition = program_of(compile_export(export, "x.vf", "x")).workflows["d"].steps["c"]
    assert isinstance(condition, Condition)
    return condition.branches[0].test


def test_trees_of_sums_and_free_formulas_set_variables() -> None:
    assert step("sums") == Set(
        "sums",
        "Sums",
        then="check",
        assignments=(
            Assignment("fee", Expression("(Number((group * 4)) + Number(1))")),
            Assignment("area", Expression("(group**2)")),
            Assignment("label", Template("Group of {group}")),
            Assignment("adult", Expression("!((group < 3))")),
            Assignment("ticket", Literally(7)),
        ),
    )


def test_what_a_formula_cannot_be_is_reported() -> None:
    assert remarks("sums") == (
        "a formula that was written freely runs as JavaScript, without the functions that formulas had",
        "the value of 'guide' cannot be expressed and is not set",
    )
    assert remarks("check") == ("branch '3' has no test that can be expressed and is never taken",)


def test_trees_of_comparisons_decide_the_else_first_among_the_ports() -> None:
    large = AllOf(
        (
            Compare(Template("{group}"), "greater_than", Literally("9")),
            Compare(Expression("(fee - 1)"), "is_not", Literally("0")),
        )
    )
    middle = AllOf(
        (
            Compare(Template("{group}"), "greater_or_equal", Literally("5")),
            Compare(Template("{label}"), "is_not", Literally("nobody")),
        )
    )
    branches = (Branch(large, "large"), Branch(middle, "middle"), Branch(Truthy("false"), "small"))
    assert step("check") == Condition("check", "Large", "small", branches=branches)


@pytest.mark.parametrize(
    ("tree", "test"),
    [
        (leaf("not", leaf("variable", "a")), Truthy("!(a)")),
        (leaf("not", leaf("not", leaf("variable", "a"))), Truthy("a")),
        (leaf("advance", "{a} and not (a mod 2)"), Truthy("(a && ! (a % 2))")),
        (leaf("advance", "a == 'this and that'"), Truthy("(a == 'this and that')")),
        (leaf("less", [leaf("variable", "a")]), Truthy("false")),
        (leaf("and", [leaf("variable", "a"), 7]), Truthy("false")),
        (leaf("variable", "not a name"), Truthy("false")),
        (leaf("later", []), Truthy("false")),
    ],
)
def test_trees_that_are_no_comparison_are_javascript_or_never_true(tree: Any, test: Any) -> None:
    assert becomes(tree) == test


def test_a_tree_that_is_nested_without_end_is_never_true() -> None:
    tree = leaf("variable", "a")
    for _ in range(300):
        tree = leaf("not", tree)
    assert becomes(tree) == Truthy("false")


@pytest.mark.parametrize(
    ("group", "said"),
    [(3, "A small group, 13 coins."), ("3", "A small group, 13 coins."), (6, "A group of some size, 36 seats.")],
)
def test_a_group_goes_the_way_of_its_size(group: Any, said: str) -> None:
    assert walk(group).launch() == ["Welcome to the museum.", said]


def test_a_formula_gives_numbers_and_a_text_its_variables() -> None:
    talk = walk(12)
    assert talk.launch()[-1] == "A large group."
    expected = {"fee": 49, "area": 144, "label": "Group of 12", "adult": True, "ticket": 7, "guide": 0}
    assert {name: talk.state.variables[name] for name in expected} == expected


def test_an_early_capture_keeps_the_reply_or_an_entity() -> None:
    ask, day = step("ask"), step("which-day")
    assert isinstance(ask, Capture)
    assert (ask.variable, ask.then) == ("remark", "which-day")
    assert ask.listening.no_reply.reprompts == (Said("Anything to say?"),)
    assert day.entities == (WantedEntity("day", "day"),)
    assert remarks("ask") == ("numbers in words stay words: 'twenty' was kept as 20",)
    assert "the entity is looked for in the whole reply" in remarks("which-day")[0]


def test_the_first_card_is_shown_and_passed() -> None:
    talk = walk()
    talk.launch()
    talk.say("Nothing at all")
    (card,) = talk.send({"type": "text", "payload": "on the weekend"})
    assert card["type"] == "cardV2"
    assert card["payload"]["title"] == "Poster of saturday"
    assert card["payload"]["imageUrl"] == "https://museum.example/saturday.png"
    assert card["payload"]["description"]["text"] == "Open all saturday"
    assert talk.state.variables["remark"] == "Nothing at all"


def test_a_choice_leads_by_its_port_or_to_the_step_of_another_intent() -> None:
    talk = walk()
    talk.launch()
    talk.say("-")
    talk.say("monday")
    assert talk.say("perhaps") == ["Yes or no?"]
    address, *rest = talk.send({"type": "text", "payload": "yes"})
    assert (address["type"], address["payload"]) == ("url", {"url": "https://museum.example/monday"})
    assert spoken(rest) == ["The shop sells posters."]
    again = walk()
    again.launch()
    again.say("-")
    again.say("monday")
    assert again.say("no") == ["The shop sells posters."]


def test_a_domain_is_entered_at_its_beginning() -> None:
    assert step("gone") == GoTo("gone", workflow="m-shop")
    assert step("lost") == GoTo("lost")
    assert remarks("lost") == ("it leads to a domain that is not in the file: the workflow ends here",)


def test_an_event_enters_with_parts_of_its_payload() -> None:
    assert Trigger("m-root", "alarm", event="fire_alarm") in museum().triggers
    talk = walk()
    talk.launch()
    traces = talk.send({"type": "event", "payload": {"event": {"name": "fire_alarm"}, "floor": 3}})
    assert spoken(traces) == ["Fire on floor 3."]
    assert talk.over


def test_answers_to_what_an_intent_asks_belong_to_its_entities() -> None:
    day, visitor = museum().intents["visit"].required
    assert day == RequiredEntity("day", (Said("Which day?"),), ("make it {day} for {count}",))
    assert visitor == RequiredEntity("visitor", (Said("Under which name?"),), ("my name is {visitor}",))


def test_an_answer_in_other_words_gives_its_entities() -> None:
    talk = walk()
    talk.launch()
    assert talk.say("I want to visit") == ["Which day?"]
    assert talk.say("Make it weekend for 4.") == ["Under which name?"]
    assert talk.say("My name is Ada Byron") == ["Ada Byron comes on saturday."]
    assert (talk.state.variables["count"], talk.state.variables["visitor"]) == (4, "Ada Byron")


def test_what_no_step_expresses_is_named_and_passed() -> None:
    assert imported(MUSEUM).passed_through() == {"google_sheets": 1}
    assert step("sheet") == GoTo("sheet", "Sheet", "over")
    assert remarks("sheet") == ("runs as a pass-through until Parley has steps of kind 'google_sheets'",)
