"""Exports from schema 4 to 9: `portsV2`, rich text, buttons, conditions, components, custom actions."""

from __future__ import annotations

from typing import Any

from tests.projects.vf_files import FIXTURES, imported, program_of
from tests.projects.vf_walk import Walk, spoken

from parley.domain.conditions import AnyOf, Compare, Expression, Literally, Template, Truthy
from parley.domain.program import Program, Trigger, Variable
from parley.domain.steps import (
    ActionPath,
    Assignment,
    Call,
    Capture,
    Cards,
    Choice,
    Condition,
    CustomAction,
    GoTo,
    GoToIntent,
    Image,
    Message,
    Said,
    Set,
    Speak,
)
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.export_file import read_export

ROOT, PRICES, TERMS = "2b00000000000000000000a0", "2b00000000000000000000b0", "2b00000000000000000000c0"


def rental() -> Program:
    return program_of(imported("bike_rental_7.vf"))


def step(id: str, workflow: str = ROOT) -> Any:
    return rental().workflows[workflow].steps[id]


def test_rich_text_keeps_its_links_and_names_its_variables() -> None:
    message = step("welcome")
    assert isinstance(message, Message)
    assert message.variants[0].text == "Hello! See \nour bikes."
    assert message.variants[0].slate == [
        {"children": [{"text": "Hello! See "}]},
        {
            "children": [
                {
                    "type": "link",
                    "url": "https://bikes.example/?u={user_id}",
                    "children": [{"text": "our bikes", "underline": True}],
                },
                {"text": "."},
            ]
        },
    ]
    assert step("ask").variants[0].text == "How many days, {user_id}?"


def test_texts_of_a_voice_project_are_spoken() -> None:
    export = read_export(FIXTURES / "bike_rental_7.vf")
    export["project"]["type"] = "voice"
    program = program_of(compile_export(export, "x.vf", "x"))
    spoken_step = program.workflows[ROOT].steps["ask"]
    assert isinstance(spoken_step, Speak)
    assert spoken_step.variants[0].text == "How many days, {user_id}?"


def test_buttons_lead_by_path_by_address_or_by_intent() -> None:
    menu = step("menu")
    assert isinstance(menu, Choice)
    rent, site, bike = menu.options
    assert (rent.id, rent.label, rent.then) == ("go1", "Rent", "ask")
    assert (site.url, site.has_path) == ("https://bikes.example", False)
    assert (bike.intent, bike.then) == ("rent", "menu:int1")
    assert step("menu:int1") == GoTo("menu:int1", then="rent", workflow=PRICES)


def test_no_match_and_no_reply_have_reprompts_timeouts_and_paths() -> None:
    listening = step("menu").listening
    assert (listening.no_match.shuffled, listening.no_match.has_path, listening.no_match.then) == (True, True, "count")
    assert [s.text for s in listening.no_match.reprompts] == ["Please press a button."]
    assert (listening.no_reply.timeout, listening.no_reply.has_path, listening.no_reply.then) == (15, True, "bye")


def test_set_steps_hold_expressions_and_values() -> None:
    assert step("count") == Set(
        "count",
        then="to-prices",
        assignments=(
            Assignment("days", Expression("days + 1")),
            Assignment("helmet", Literally("yes")),
            Assignment("price", Literally(12.5)),
        ),
    )


def test_a_jump_to_a_block_of_another_diagram_means_its_first_step() -> None:
    assert step("to-prices") == GoTo("to-prices", then="picture", workflow=PRICES)


def test_a_capture_with_scope_node_keeps_the_reply_to_itself() -> None:
    days = step("days")
    assert isinstance(days, Capture)
    assert (days.variable, days.then, days.listening.elsewhere) == ("days", "cheap", False)


def test_condition_trees_become_comparisons_groups_and_expressions() -> None:
    cheap = step("cheap")
    assert isinstance(cheap, Condition)
    days = Template("{days}")
    assert [branch.test for branch in cheap.branches] == [
        Compare(days, "less_than", Literally("3")),
        AnyOf((Compare(days, "contains", Literally("week")), Compare(days, "is", Template("{price}")))),
        Truthy("days > 100"),
    ]
    assert [branch.then for branch in cheap.branches] == ["seats", "lookup", "bye"]
    assert cheap.then == "card"


def test_a_custom_action_reads_bodies_with_bare_placeholders() -> None:
    assert step("seats") == CustomAction(
        "seats",
        "show_bikes",
        "terms",
        action="show_bikes",
        body={"days": "{days}", "for": "user {user_id}"},
        stop=True,
        paths=(ActionPath("picked", "bye"), ActionPath("skipped", "terms")),
        default=1,
    )


def test_a_component_is_called_with_its_variables() -> None:
    assert step("terms") == Call(
        "terms",
        then="end",
        workflow=TERMS,
        inputs=(Assignment("length", Template("{days}")),),
        outputs={"helmet": "answer"},
    )
    assert rental().workflows[TERMS].variables == ("length", "answer")
    assert rental().workflows[TERMS].name == "Terms"


def test_an_unsupported_step_passes_through_and_says_so() -> None:
    export = read_export(FIXTURES / "bike_rental_7.vf")
    nodes = next(d["nodes"] for d in export["diagrams"].values() if "lookup" in d["nodes"])
    nodes["lookup"]["type"] = "crystal-ball"
    loaded = compile_export(export, "bike_rental_7.vf", "bike_rental_7")
    assert program_of(loaded).workflows[ROOT].steps["lookup"] == GoTo("lookup", "Lookup", "looked")
    assert loaded.passed_through() == {"crystal-ball": 1}
    (warning,) = loaded.loaded.warnings
    assert "runs as a pass-through until" in warning.message
    assert warning.where == "Lookup (crystal-ball lookup) in diagram 'ROOT'"


def test_cards_with_buttons_that_lead_somewhere_wait() -> None:
    card = step("card")
    assert isinstance(card, Cards)
    assert (card.layout, card.waits, card.cards[0].title, card.cards[0].text) == (
        "card",
        True,
        "Bike for {days} days",
        "Nice",
    )
    assert card.cards[0].buttons[0].then == "bye"
    cards = step("cards", PRICES)
    assert (cards.layout, cards.waits, cards.then) == ("List", False, "again")


def test_pictures_keep_their_size_and_their_template() -> None:
    assert step("picture", PRICES) == Image(
        "picture",
        then="cards",
        url="https://bikes.example/{bike}.png",
        width=640,
        height=480,
        visibility="full",
    )


def test_a_go_to_intent_leads_to_the_step_that_the_intent_starts() -> None:
    assert step("again", PRICES) == GoToIntent("again", intent="VF.STOP")


def test_availability_decides_where_an_intent_is_heard() -> None:
    assert rental().triggers == (
        Trigger(PRICES, "rent", intent="rent"),
        Trigger(PRICES, "stop", intent="VF.STOP", everywhere=False),
    )


def test_templates_and_notes_on_the_canvas_are_not_run() -> None:
    program = rental()
    assert set(program.workflows) == {ROOT, PRICES, TERMS}
    assert "note" not in program.workflows[ROOT].steps


def test_global_prompts_and_the_delay_are_settings() -> None:
    settings = rental().settings
    assert [s.text for s in settings.no_match] == ["I only know about bikes."]
    assert settings.no_reply is not None
    assert (settings.no_reply.timeout, settings.no_reply.reprompts[0].text) == (20, "Hello?")
    assert settings.message_delay == 250


def test_required_entities_are_asked_for_with_rich_prompts() -> None:
    (bike,) = rental().intents["rent"].required
    assert bike.reprompts == (Said("Which bike?"),)


def test_defaults_of_the_content_library_are_typed() -> None:
    assert rental().variables["days"] == Variable(2, persist=True)
    assert rental().variables["helmet"] == Variable(0, persist=True)


def test_a_conversation_runs_from_launch_to_its_end() -> None:
    walk = Walk(rental())
    assert walk.launch() == ["Hello! See \nour bikes."]
    assert walk.say("Rent") == ["How many days, ada?"]
    (action,) = walk.send({"type": "text", "payload": "2"})
    assert (action["type"], action["payload"]) == ("show_bikes", {"days": "2", "for": "user ada"})
    assert walk.state.stack[-1].step == "seats"
    traces = walk.send({"type": "skipped"})
    assert spoken(traces) == ["No riding on ice for 2 days."]
    assert traces[-1]["type"] == "end"
    assert walk.over
