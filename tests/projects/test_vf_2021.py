"""Exports of 2021: no schema version, ports in lists, speak and interaction steps, slots with dialogs."""

from __future__ import annotations

from tests.projects.vf_files import imported, program_of
from tests.projects.vf_walk import Walk

from parley.domain.conditions import Template
from parley.domain.program import EntityValue, Program, Trigger, Variable
from parley.domain.steps import Assignment, Choice, End, Said, Set, Speak

ROOT = "1a2b3c4d5e6f708090a0b0c1"


def tea_house() -> Program:
    return program_of(imported("tea_house_2021.vf"))


def test_a_project_has_the_files_id_and_name_and_one_environment() -> None:
    project = imported("tea_house_2021.vf").loaded.project
    assert (project.id, project.name) == ("1a2b3c4d5e6f708090a0b0d1", "Tea House")
    assert [(e.alias, e.share) for e in project.environments] == [("main", 100.0)]


def test_a_speak_step_that_randomizes_keeps_its_variants() -> None:
    step = tea_house().workflows[ROOT].steps["welcome"]
    assert step == Speak(
        "welcome", then="ask", variants=(Said("Welcome to the tea house."), Said("Good day, and welcome."))
    )


def test_a_step_without_a_connection_falls_through_to_the_next_of_its_block() -> None:
    assert tea_house().workflows[ROOT].steps["ask"].then == "listen"


def test_the_first_port_of_an_interaction_is_its_no_match_and_blocks_mean_their_first_step() -> None:
    again = tea_house().workflows[ROOT].steps["again"]
    assert isinstance(again, Choice)
    assert [(o.label, o.intent, o.then) for o in again.options] == [
        (None, "VF.YES", "welcome"),
        (None, "VF.NO", "bye"),
        ("Yes please", None, "welcome"),
        ("No", None, "bye"),
    ]
    assert again.listening.no_match.has_path
    assert again.listening.no_match.then == "lost"
    assert again.listening.no_match.reprompts == (Said("Yes or no?"),)


def test_a_button_without_an_intent_leads_where_its_words_are_understood() -> None:
    loaded = imported("tea_house_2021.vf")
    assert [w.message for w in loaded.loaded.warnings] == []
    assert loaded.summary() == "schema none, 19 nodes: 19 exact"


def test_a_prompt_waits_for_triggers_with_its_reprompts() -> None:
    listen = tea_house().workflows[ROOT].steps["listen"]
    assert isinstance(listen, Choice)
    assert listen.options == ()
    assert listen.listening.elsewhere
    assert listen.listening.no_match.reprompts == (Said("We only have tea."),)
    assert listen.listening.no_reply is not None
    assert listen.listening.no_reply.reprompts == (Said("Are you still there?"),)


def test_an_intent_step_is_a_trigger_that_maps_entities_into_variables() -> None:
    program = tea_house()
    assert Trigger(ROOT, "order", intent="order_tea") in program.triggers
    expected = Set("order", then="ordered", assignments=(Assignment("choice", Template("{flavour}")),))
    assert program.workflows[ROOT].steps["order"] == expected


def test_a_command_calls_its_diagram_and_comes_back() -> None:
    program = tea_house()
    assert Trigger("1a2b3c4d5e6f708090a0b0c2", intent="opening_hours", calls=True) in program.triggers
    assert "hours-command" not in program.workflows[ROOT].steps


def test_slots_become_entities_and_required_entities() -> None:
    program = tea_house()
    assert program.entities["flavour"].values == (
        EntityValue("green", ("sencha",)),
        EntityValue("black", ("assam", "english breakfast")),
    )
    assert program.entities["guest"].builtin == "name"
    order = program.intents["order_tea"]
    assert order.utterances == ("a pot of {flavour} tea please", "I want tea")
    assert [(r.entity, r.reprompts) for r in order.required] == [("flavour", (Said("Green or black?"),))]


def test_builtin_intents_get_utterances_where_the_author_wrote_none() -> None:
    program = tea_house()
    assert "yes" in program.intents["VF.YES"].utterances
    assert {"not today", "no"} <= set(program.intents["VF.NO"].utterances)


def test_all_variables_persist_and_builtin_ones_are_not_declared() -> None:
    assert tea_house().variables == {name: Variable(0, persist=True) for name in ("pots", "choice", "flavour", "guest")}


def test_an_exit_ends_the_conversation() -> None:
    assert tea_house().workflows[ROOT].steps["bye"] == End("bye")


def test_the_locale_is_the_files() -> None:
    assert tea_house().settings.locale == "en-GB"


def test_a_conversation_runs_from_launch_to_its_end() -> None:
    walk = Walk(tea_house())
    assert walk.launch()[-1] == "What may I bring you?"
    assert walk.say("when are you open")[0] == "We are open from ten to six."
    assert walk.say("I want tea") == ["Green or black?"]
    assert walk.say("sencha") == ["One pot of green it is."]
    assert walk.state.variables["choice"] == "green"
    assert walk.say("yes")[-1] == "What may I bring you?"
    assert walk.say("a pot of black tea please") == ["One pot of black it is."]
    assert walk.say("mumble mumble") == ["Yes or no?"]
    walk.say("no")
    assert walk.over
