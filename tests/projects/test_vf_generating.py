"""Exports whose nodes ask a language model, play, go by chance, and hand things to the channel."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conversations.driver import engine_driver
from tests.projects.vf_files import SAMPLES, imported, program_of, sample

from parley.backends.llm.scripted import script_of
from parley.domain.channel_steps import Stream
from parley.domain.conditions import Literally, Template
from parley.domain.model_steps import AgentPath, AgentStep, Prompted, PromptedSet, PromptedValue
from parley.domain.program import Program, Trigger
from parley.domain.prompt import ModelSettings, Prompt, PromptMessage
from parley.domain.steps import Assignment, CustomAction, GoToIntent, Random, Reset, Set, Way

ORCHARD = "orchard_12.vf"
ADVICE = Prompt(
    system="You are a gardener.",
    messages=(PromptMessage("assistant", "{vf_memory}"), PromptMessage("user", "Advise {name}.")),
    settings=ModelSettings("small", 0.3, 100),
)


def orchard() -> Program:
    return program_of(imported(ORCHARD))


def step(id: str) -> Any:
    return orchard().workflows["d-root"].steps[id]


def test_a_response_of_a_model_has_its_prompt_its_memory_and_its_way_out() -> None:
    prompt = Prompt("Greet {name}.", "You are a gardener", memory="before", settings=ModelSettings("small", 0.2, 60))
    assert step("ask") == Prompted("ask", "Greeting", "menu", prompt=prompt, not_found=Way("chance"))


def test_an_answer_from_documents_says_that_they_are_missing() -> None:
    assert step("lookup").prompt.knowledge
    (outcome,) = [node for node in imported(ORCHARD).nodes if node.node == "lookup"]
    assert outcome.outcome == "approximate"
    assert "not in the file" in outcome.remarks[0]


def test_variables_are_set_from_prompts() -> None:
    settings = ModelSettings("small")
    assert step("fill").values == (
        PromptedValue("mood", Prompt("Which mood?", "Be terse", settings=settings)),
        PromptedValue("topic", Prompt("", "Be terse\n\nOne word.", memory="only", settings=settings)),
    )


def test_a_prompt_of_the_library_has_its_messages_in_order() -> None:
    assert step("prompted") == Prompted("prompted", "", "menu", prompt=ADVICE)


def test_a_message_may_be_a_prompt() -> None:
    assert step("said") == Prompted("said", "", "menu", prompt=ADVICE)


def test_values_come_before_prompts() -> None:
    assert step("set") == Set("set", then="set:prompts", assignments=(Assignment("name", Literally("Pip")),))
    assert step("set:prompts") == PromptedSet("set:prompts", then="menu", values=(PromptedValue("mood", ADVICE),))


def test_an_agent_has_its_instructions_and_its_paths_and_says_what_it_lacks() -> None:
    agent = step("talk")
    assert isinstance(agent, AgentStep)
    assert agent.instructions == "You help {name} in the orchard."
    assert agent.settings == ModelSettings("large", None, 500)
    assert agent.paths == (
        AgentPath("DONE", "When all is said.", (), "menu"),
        AgentPath("ORDER", "When apples are wanted.", ("topic",), "apples"),
    )
    (outcome,) = [node for node in imported(ORCHARD).nodes if node.node == "talk"]
    assert outcome.remarks == ("its tools are not offered to the model: functionTools",)


def test_chance_players_channels_and_displays() -> None:
    assert step("chance") == Random("chance", ways=("menu", "menu"), exhausts=True)
    assert step("play") == Stream(
        "play",
        then="menu",
        src="https://orchard.example/{name}.mp3",
        loop=True,
        title="Birds",
        paused=Way("chance"),
        previous=Way("chance"),
    )
    assert step("channel") == CustomAction(
        "channel", then="menu", action="channel-action", body={"name": "vibrate", "payload": {"long": True}}
    )
    display = step("display")
    assert (display.action, display.body["visualType"], display.stop) == ("visual", "apl", False)
    assert step("again") == Reset("again", "Again")
    assert step("apples") == GoToIntent("apples", intent="order_apples")
    assert step("feedback").everywhere


def test_an_event_starts_a_step_and_fills_variables() -> None:
    assert Trigger("d-root", "harvest", event="harvest") in orchard().triggers
    assert step("harvest") == Set(
        "harvest", then="menu", assignments=(Assignment("topic", Template("{last_event.payload.kilos}")),)
    )


def test_players_have_words() -> None:
    assert {"VF.PAUSE", "VF.NEXT"} <= orchard().intents.keys()
    assert orchard().settings.no_match_prompt == Prompt(
        "Say that {last_utterance} is nothing for a gardener.",
        "Be kind",
        memory="before",
        settings=ModelSettings("small"),
    )


def test_it_says_that_it_needs_a_model() -> None:
    assert "ask a language model" in str(imported(ORCHARD).loaded.warnings)


async def test_the_orchard_talks_with_a_model() -> None:
    model = script_of("- {when: order, choose: ORDER, values: {topic: red ones}}\n- {answer: Hello there.}")
    send = engine_driver(orchard(), model=model)
    traces = (await send({"type": "launch"}, {})).traces
    buttons = {button["name"]: button["request"] for button in traces[-1]["payload"]["buttons"]}
    said = (await send(buttons["Agent"], {})).traces
    assert [trace["payload"]["message"] for trace in said if trace["type"] == "text"] == ["Hello there."]
    answer = await send({"type": "text", "payload": "I want to order"}, {})
    assert [trace["type"] for trace in answer.traces if trace["type"] != "debug"][-1] == "entity-filling"
    assert answer.variables["topic"] == "red ones"
    answer = await send({"type": "text", "payload": "crimson"}, {})
    assert answer.variables["kind"] == "red"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples have no licence and are not part of the repository")
@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*")) if SAMPLES.exists() else [])
def test_no_node_of_a_real_export_is_passed_through(name: str) -> None:
    assert sample(name).passed_through() == {}
