"""Exports in which a language model decides: captures with generated reprompts, conditions, and what follows them."""

from __future__ import annotations

from typing import Any

from tests.conversations.driver import Send, engine_driver
from tests.projects.vf_files import imported, program_of

from parley.backends.llm.scripted import script_of
from parley.domain.conditions import Judged, Literally, Template, Truthy
from parley.domain.ids import StepID
from parley.domain.program import Program
from parley.domain.prompt import Briefing, ModelSettings, Prompt
from parley.domain.steps import Assignment, Exits, Way

JUDGING = "judging_13.vf"
SCRIPT = r"""
- {when: '(?s)user: I quit.*1\. The user gives up\.\n2\. The user calls Ada a liar\.\n', answer: "1"}
- {when: '(?s)day: Friday.*What is known breaks this rule: Nobody travels on a Friday\.', answer: "3"}
- {when: '(?s)at once.*2\. The user, Ada, is in a hurry', system: You are strict., answer: "2, 3"}
- {when: '(?s)1\. The user is angry', answer: "1"}
- {when: 'Statements:', answer: "0"}
- {when: '(?s)Missing:\n- city', system: You are brief., answer: "To which city?"}
- {when: '(?s)Missing:\n- day', answer: "When?"}
- {when: happy, answer: "Yes."}
"""


def judging() -> Program:
    return program_of(imported(JUDGING))


def step(id: str) -> Any:
    return judging().workflows["d-root"].steps[id]


def talk(script: str | None = SCRIPT) -> Send:
    return engine_driver(judging(), model=None if script is None else script_of(script))


async def said(send: Send, *texts: str) -> list[str]:
    """What the agent says to the last of these."""
    answer = await send({"type": "launch"}, {})
    for text in texts:
        answer = await send({"type": "text", "payload": text}, {})
    return [trace["payload"]["message"] for trace in answer.traces if trace["type"] == "text"]


def test_a_capture_has_its_rules_its_exits_and_how_its_model_is_asked() -> None:
    where = step("where")
    assert (where.improvises, where.rules) == (True, ("Nobody travels on a Friday.",))
    assert where.exits == Exits(("The user gives up.", "The user calls {name} a liar."), StepID("over"))
    assert where.briefing == Briefing("You are brief.", ModelSettings("small", 0.1, 50))


def test_an_entity_has_an_example_and_a_port_for_when_it_never_comes() -> None:
    city, day = step("where").entities
    assert (city.placeholder, city.given_up, city.reprompts[0].text) == ("Oslo", Way(StepID("nowhere")), "Which city?")
    assert (day.variable, day.placeholder, day.given_up) == ("when", "", None)


def test_a_condition_of_prompts_has_its_statements() -> None:
    tests = [branch.test for branch in step("mood").branches]
    assert tests == [
        Judged("The user is angry."),
        Judged("The user, {name}, is in a hurry."),
        Judged("The user is happy."),
        Truthy("false"),
    ]
    assert step("mood").briefing == Briefing("You are strict.", ModelSettings(temperature=0))


def test_what_differs_is_reported() -> None:
    (mood,) = [node for node in imported(JUDGING).nodes if node.node == "mood"]
    assert mood.outcome == "approximate"
    assert "taken for a statement" in mood.remarks[0]
    assert "branch '4' has no test" in mood.remarks[1]


async def test_the_model_asks_and_decides() -> None:
    assert await said(talk(), "hello") == ["To which city?"]
    assert await said(talk(), "hello", "Oslo") == ["When?"]
    assert await said(talk(), "hello", "Oslo", "Friday") == ["When?"]
    assert await said(talk(), "hello", "Oslo", "Friday", "Monday") == ["I am sorry.", "Over."]
    assert await said(talk(), "Oslo", "Monday at once") == ["Over."]


async def test_a_reason_to_stop_has_its_port() -> None:
    assert await said(talk(), "I quit") == ["Over."]


async def test_without_a_model_the_prompts_and_the_else_are_taken() -> None:
    assert await said(talk(None), "hello") == ["Which city?"]
    assert await said(talk(None), "hello", "hello") == ["Nowhere."]
    assert await said(talk(None), "Bergen on Friday") == ["Over."]


def test_a_set_step_may_be_about_the_transcript() -> None:
    assert step("note").assignments == (Assignment("when", Template("{name}")),)
    assert step("note").properties == (Assignment("mood", Literally("high")),)
    assert [value.variable for value in step("note:prompts").values] == ["name"]


def test_repeat_restart_and_the_knowledge_base_are_settings() -> None:
    settings = judging().settings
    assert (settings.repeat, settings.restart) == ("last", False)
    assert settings.no_match_knowledge == Prompt(
        "{last_utterance}", "You know trains.", knowledge=True, settings=ModelSettings("small", 0.1, 200)
    )
