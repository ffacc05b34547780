"""Exports from schema 10 on: ports by key, a content library in Markup, triggers, assertions."""

from __future__ import annotations

from typing import Any

from tests.projects.vf_files import imported, program_of
from tests.projects.vf_walk import Walk

from parley.domain.conditions import AnyOf, Compare, Expression, Literally, Template, Truthy
from parley.domain.program import EntityValue, Program, Trigger, Variable
from parley.domain.steps import Assignment, Capture, Choice, Condition, Exits, GoTo, Message, Set

ROOT, RENEWALS = "3c00000000000000000000a0", "3c00000000000000000000b0"


def library() -> Program:
    return program_of(imported("library_13.vf"))


def step(id: str, workflow: str = ROOT) -> Any:
    return library().workflows[workflow].steps[id]


def test_a_message_has_its_variants_in_the_authors_order_with_conditions_and_delays() -> None:
    hello = step("hello")
    assert isinstance(hello, Message)
    first, second, third = hello.variants
    assert first.text == "Hello {name}, welcome back."
    assert first.when == Compare(Template("{name}"), "is_not_empty", Literally(""))
    assert (second.text, second.delay, second.when) == ("Hello.", 750, None)
    assert third.slate == [
        {
            "children": [
                {"text": "Hi, see "},
                {"type": "link", "url": "https://library.example", "children": [{"text": "our shelf"}]},
            ]
        }
    ]


def test_the_compiled_copy_stands_in_for_what_the_library_lacks() -> None:
    (said,) = step("compiled").variants
    assert (said.text, said.delay) == ("Only compiled: {name}.", 10)


def test_a_reply_is_captured_with_its_own_silence() -> None:
    who = step("who")
    assert isinstance(who, Capture)
    assert (who.variable, who.then, who.listening.elsewhere) == ("name", "note", False)
    silence = who.listening.no_reply
    assert (silence.timeout, silence.has_path, silence.then) == (8, True, "bye")
    assert [s.text for s in silence.reprompts] == ["Hello?"]


def test_entities_are_captured_with_their_prompts() -> None:
    (title,) = step("title").entities
    assert (title.entity, title.variable, [s.text for s in title.reprompts]) == ("title", "title", ["Which title?"])
    assert (step("title").improvises, step("title").exits) == (True, Exits(("gives up",), "bye"))


def test_set_items_are_values_or_scripts() -> None:
    assert step("note") == Set(
        "note",
        then="check",
        assignments=(
            Assignment("greeting", Template("Dear {name}")),
            Assignment("loans", Expression("(() => { const n = loans;\nreturn n + 1\n})()")),
            Assignment("tags", Template("{name}")),
        ),
    )


def test_conditions_are_assertions_or_scripts_with_ports_by_item() -> None:
    check = step("check")
    assert isinstance(check, Condition)
    many, script = check.branches
    assert many.test == AnyOf(
        (
            Compare(Template("{loans}"), "greater_than", Literally("5")),
            Compare(Template("{name}"), "starts_with", Literally("Dr")),
        )
    )
    assert script.test == Truthy("(() => { return loans === 5\n})()")
    assert (many.then, script.then, check.then) == ("bye", "fee", "menu")


def test_buttons_lead_by_item_and_their_prompts_come_from_the_library() -> None:
    menu = step("menu")
    assert isinstance(menu, Choice)
    assert [(o.id, o.label, o.then) for o in menu.options] == [
        ("b-borrow", "Borrow", "title"),
        ("b-leave", "Leave, {name}", "bye"),
    ]
    assert [s.text for s in menu.listening.no_match.reprompts] == ["Please choose one."]
    assert not menu.listening.no_match.has_path


def test_triggers_are_intents_and_events() -> None:
    assert library().triggers == (
        Trigger(RENEWALS, "on", intent="renew"),
        Trigger(RENEWALS, "on", event="loan_due", everywhere=False),
    )
    assert step("on", RENEWALS) == GoTo("on", then="renewed")


def test_intents_have_utterances_and_required_entities_in_order() -> None:
    renew = library().intents["renew"]
    assert renew.utterances == ("renew {title}", "extend my loan")
    assert [r.entity for r in renew.required] == ["title", "mail"]
    assert "None" not in library().intents


def test_entities_have_values_or_a_builtin_kind() -> None:
    entities = library().entities
    assert entities["title"].values == (EntityValue("The Odyssey", ("odyssey", "Homer")), EntityValue("Emma"))
    assert entities["mail"].builtin == "email"


def test_variables_have_typed_defaults() -> None:
    variables = library().variables
    assert variables["loans"] == Variable(3, persist=True)
    assert variables["name"] == Variable("", persist=True)
    assert variables["tags"] == Variable(["new"], persist=True)
    assert variables["greeting"] == Variable(0, persist=True)
    assert not {"user_id", "vf_now", "sessions"} & set(variables)


def test_settings_of_the_newer_place_win() -> None:
    settings = library().settings
    assert [s.text for s in settings.no_match] == ["I am only a librarian."]
    assert (settings.message_delay, settings.locale) == (500, "de-DE")


def test_what_cannot_be_done_exactly_is_reported() -> None:
    loaded = imported("library_13.vf")
    messages = " / ".join(str(warning) for warning in loaded.loaded.warnings)
    assert loaded.passed_through() == {"agent": 1}
    assert step("desk") == GoTo("desk", "Desk", "bye")
    assert "a connection leads to 'nowhere', which does not exist" in messages
    assert "message 'm-missing' is not in the file" in messages
    assert loaded.schema == "13.02"


def test_a_conversation_runs_from_launch_to_its_end() -> None:
    walk = Walk(library(), name="")
    assert walk.launch()[-1] == "Only compiled: ."
    assert walk.say("Ada") == []
    assert walk.state.variables["loans"] == 4
    assert walk.state.variables["greeting"] == "Dear Ada"
    assert walk.say("what?") == ["Please choose one."]
    assert walk.say("Borrow") == []
    assert walk.say("let me think") == ["Which title?"]
    assert walk.say("homer") == ["Ada gets The Odyssey."]
    assert walk.over
