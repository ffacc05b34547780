"""The walk through a program: what it tries, what it finds, and what it says about what it never reached."""

from __future__ import annotations

import asyncio

import pytest
from tests.engine.programs import CHOICES, program, workflow

from parley.cli.walk import lines_of
from parley.crawl.edges import reachable
from parley.crawl.reasons import missed_in
from parley.crawl.samples import text_for
from parley.crawl.walked import Walked
from parley.crawl.walker import Walker
from parley.domain.conditions import Compare, Judged, Literally, Template, Truthy
from parley.domain.model_steps import AgentPath, AgentStep
from parley.domain.program import Entity, EntityValue, Program, Trigger, Variable
from parley.domain.step_parts import Way
from parley.domain.steps import (
    ActionPath,
    Branch,
    Call,
    Capture,
    Choice,
    Condition,
    CustomAction,
    End,
    Exits,
    GoTo,
    Listening,
    Message,
    NoMatch,
    NoReply,
    Option,
    Random,
    Said,
    Set,
    WantedEntity,
)
from parley.domain.world_steps import Api, Captured, Code
from parley.engine.turn import Turn


def walk(what: Program, most_turns: int = 20_000) -> Walked:
    return asyncio.run(Walker(what, most_turns=most_turns).walk())


def names(walked: Walked) -> set[str]:
    return {step for _, step in walked.reached}


def said(text: str) -> tuple[Said, ...]:
    return (Said(text),)


def test_a_program_with_every_kind_of_step_is_reached_whole() -> None:
    walked = walk(CHOICES)
    assert walked.reached == reachable(CHOICES)
    assert not walked.failures


def test_a_reply_is_guessed_from_what_the_variable_is_compared_with() -> None:
    asks = program(
        "asks",
        workflow(
            "main",
            Capture("ask", then="decide", variable="word"),
            Condition("decide", then="ask", branches=(Branch(Truthy("word === 'open sesame'"), "cave"),)),
            Message("cave", variants=said("Gold!")),
        ),
        variables={"word": Variable()},
    )
    walked = walk(asks)
    assert names(walked) == {"ask", "decide", "cave"}
    assert not walked.helped


def test_what_only_an_outside_variable_opens_is_reached_with_help_and_said_so() -> None:
    door = program(
        "door",
        workflow(
            "main",
            Condition(
                "decide",
                then="beggar",
                branches=(Branch(Compare(Template("{age}"), "greater_than", Literally(99)), "old"),),
            ),
            Message("old", variants=said("Congratulations")),
            Message("beggar", variants=said("Hello")),
        ),
        variables={"age": Variable()},
    )
    walked = walk(door)
    assert {step for _, step in walked.helped} == {"old"}


def test_silence_reprompts_and_answers_of_the_client_are_tried() -> None:
    listening = Listening(
        NoMatch(said("What?") * 2, has_path=True, then="lost"),
        NoReply(1.0, said("Hello?") * 3, has_path=True, then="asleep"),
    )
    patient = program(
        "patient",
        workflow(
            "main",
            Choice("choose", options=(Option("a", "A", then="form"),), listening=listening),
            CustomAction(
                "form", action="form", stop=True, paths=(ActionPath("sent", "done"), ActionPath("left", None))
            ),
            End("done"),
            Message("lost", variants=said("lost")),
            Message("asleep", variants=said("asleep")),
        ),
    )
    assert names(walk(patient)) == {"choose", "form", "done", "lost", "asleep"}


def test_each_missed_step_has_its_reason() -> None:
    gone = program(
        "gone",
        workflow(
            "main",
            Call("call", workflow="never", then="after"),
            Message("after", then="later", variants=said("back")),
            Message("later", variants=said("later")),
            Message("island", then="shore", variants=said("alone")),
            Message("shore", variants=said("alone too")),
        ),
        workflow("never", End("over")),
        workflow("unknown", End("nobody")),
    )
    reasons = {missed.place[1]: missed.reason for missed in missed_in(walk(gone))}
    assert reasons == {
        "after": "Main: call call never came back",
        "later": "behind Main: message after",
        "island": "no way in",
        "shore": "no way in: only steps without a way in lead to it",
        "nobody": "no way in: nothing leads to its workflow",
    }


def test_a_loop_that_never_waits_and_a_reply_that_leads_nowhere_are_found() -> None:
    odd = program(
        "odd",
        workflow("main", Capture("again", then="again", variable="x")),
        workflow("spin", Set("a", then="b"), GoTo("b", then="a")),
        triggers=(Trigger("spin", event="spin"),),
    )
    walked = walk(odd)
    assert {step for _, step in walked.endless} <= {"a", "b"}
    assert {step for _, step in walked.traps} == {"again"}
    assert any("never waits" in line for line in lines_of(walked, "odd"))


def test_a_workflow_that_calls_itself_is_walked_to_the_end() -> None:
    deep = program(
        "deep",
        workflow(
            "main",
            Choice("choose", options=(Option("in", "In", then="call"), Option("out", "Out"))),
            Call("call", workflow="main"),
        ),
    )
    walked = walk(deep)
    assert walked.is_complete
    assert names(walked) == {"choose", "call"}


def test_an_internal_error_is_found_with_the_conversation_that_leads_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(turn: Turn, step: str) -> None:
        raise ZeroDivisionError

    small = program(
        "small", workflow("main", Capture("ask", then="say", variable="x"), Message("say", variants=said("{x}")))
    )
    monkeypatch.setattr("parley.engine.steps.message.say", breaks)
    walked = walk(small)
    assert walked.failures
    assert walked.failures[0].actions[0]["type"] == "launch"
    assert "ZeroDivisionError" in walked.failures[0].traceback


def test_a_walk_ends_after_as_many_turns_as_it_may_take() -> None:
    walked = walk(CHOICES, most_turns=20)
    assert walked.turns <= 40
    assert not walked.is_complete


@pytest.mark.parametrize("pattern", [r"[A-Z]{2}-\d{5}", r"(?:yes|no)", r"(?<code>\w{3})\s+\d+", r"[^a]b?c*"])
def test_a_pattern_makes_a_text_that_it_matches(pattern: str) -> None:
    assert text_for(pattern)


def test_every_outcome_of_what_the_world_is_asked_is_taken() -> None:
    worldly = program(
        "worldly",
        workflow(
            "main",
            Api("api", then="decide", url="https://x", captures=(Captured("a.b[0]", "tier"),), failure=Way("down")),
            Condition("decide", then="code", branches=(Branch(Truthy("tier === 'gold'"), "gold"),)),
            Message("gold", then="code", variants=said("Gold!")),
            Code("code", then="agent", source="x = 1", paths={"left": "left"}, failure=Way("broken")),
            AgentStep("agent", paths=(AgentPath("leave", then="random"),)),
            Random("random", ways=("one", "two", "three")),
            *(Message(id, variants=said(id)) for id in ("down", "left", "broken", "one", "two", "three")),
        ),
        variables={"tier": Variable(), "x": Variable()},
    )
    walked = walk(worldly)
    assert walked.reached == reachable(worldly)
    assert not walked.helped


def test_a_model_that_judges_finds_nothing_true_and_then_each_statement() -> None:
    judged = program(
        "judged",
        workflow(
            "main",
            Capture(
                "ask",
                then="mood",
                entities=(WantedEntity("day", "day", reprompts=said("Which day?"), given_up=Way("shrug")),),
                improvises=True,
                exits=Exits(("The user gives up.",), "left"),
            ),
            Condition("mood", then="calm", branches=(Branch(Judged("angry"), "angry"), Branch(Judged("sad"), "sad"))),
            *(Message(id, variants=said(id)) for id in ("left", "shrug", "calm", "angry", "sad")),
        ),
        variables={"day": Variable()},
        entities={"day": Entity("day", values=(EntityValue("Monday"),))},
    )
    walked = walk(judged)
    assert walked.reached == reachable(judged)
    assert not walked.helped
