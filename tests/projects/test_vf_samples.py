"""Real exports of many schema versions, where they are present: what they compile to, and walks through two."""

from __future__ import annotations

import pytest
from tests.projects.vf_files import SAMPLES, program_of, sample
from tests.projects.vf_walk import Walk, spoken

from parley.domain.program import Trigger, decode_program, encode_program
from parley.domain.steps import Cards, Choice, CustomAction, Message
from parley.projects.vf import import_vf

BURGER = "rcjs-examples_VoiceflowBurger.vf"
LIVE_AGENT = "react-chat_example_project.vf"


def test_the_burger_listens_for_yes_and_for_an_order() -> None:
    program = program_of(sample(BURGER))
    (workflow,) = program.workflows.values()
    choices = [step for step in workflow.steps.values() if isinstance(step, Choice) and step.options]
    (again,) = choices
    assert [(o.intent, o.then) for o in again.options] == [("VF.YES", "60216838334555678f8370be")]
    assert program.triggers == (Trigger(workflow.id, "6021687d334555678f8370d7", intent="order_burger"),)
    assert [r.entity for r in program.intents["order_burger"].required] == ["size", "burger"]
    assert "I would like a {size} {burger}" in program.intents["order_burger"].utterances
    assert sample(BURGER).tally() == {"exact": 12}


def test_burgers_are_ordered_from_launch_for_as_long_as_the_user_wants() -> None:
    walk = Walk(program_of(sample(BURGER)))
    assert walk.launch() == ["Welcome to Voiceflow Burger", "What would you like to order today?"]
    assert walk.say("I would like a cheeseburger") == ["The size is missing, please specify the size."]
    assert walk.say("large") == [
        "You have ordered a large cheeseburger",
        "Would you like to order something else?",
    ]
    assert walk.say("yes") == ["Welcome to Voiceflow Burger", "What would you like to order today?"]
    assert walk.say("I would like a small hamburger")[0] == "You have ordered a small hamburger"


def test_the_live_agent_demo_starts_from_anywhere() -> None:
    loaded = sample(LIVE_AGENT)
    program = program_of(loaded)
    live_agent = next(w for w in program.workflows.values() if w.name == "Live Agent")
    assert Trigger(live_agent.id, "648cbeee63d33f8c51024391", intent="talk_to_agent") in program.triggers
    (action,) = [step for step in live_agent.steps.values() if isinstance(step, CustomAction)]
    assert (action.action, action.body, action.stop) == ("talk_to_agent", {"platform": "intercom"}, True)
    (cards,) = [step for step in live_agent.steps.values() if isinstance(step, Cards)]
    assert (cards.layout, cards.waits, len(cards.cards)) == ("Carousel", True, 2)
    assert loaded.tally() == {"exact": 23}
    assert loaded.loaded.warnings == ()


def test_the_live_agent_demo_runs_from_launch_to_the_end() -> None:
    walk = Walk(program_of(sample(LIVE_AGENT)))
    assert walk.launch()[0].startswith("Welcome to the voiceflow live agent demo")
    traces = walk.send({"type": "text", "payload": "I want to talk to a human"})
    assert spoken(traces) == ["Which platform do you want to use?"]
    button = traces[-1]["payload"]["cards"][0]["buttons"][0]
    traces = walk.send(button["request"])
    assert spoken(traces) == ["Transferring you to an agent now..."]
    assert (traces[-1]["type"], traces[-1]["payload"]) == ("talk_to_agent", {"platform": "intercom"})
    assert spoken(walk.send({"type": "continue"})) == [
        "Thanks for choosing Voiceflow!\n\nWhat else can I help you with?"
    ]
    assert walk.say("what is this?")[0].startswith("Sorry, I can only answer questions")
    traces = walk.send({"type": "text", "payload": "stop"})
    assert spoken(traces) == ["Thanks for visiting!"]
    assert traces[-1]["type"] == "end"
    assert walk.over


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples have no licence and are not part of the repository")
def test_every_sample_compiles_and_begins() -> None:
    for path in sorted(SAMPLES.iterdir()):
        loaded = import_vf(path)
        program = program_of(loaded)
        assert decode_program(encode_program(program)) == program, path.name
        assert loaded.nodes, path.name
        Walk(program).launch()


def test_messages_come_from_the_content_library() -> None:
    program = program_of(sample("vf-pdf-content-reader-extension_PDFReaderExtensionDemo.vf"))
    said = [
        s.text
        for w in program.workflows.values()
        for m in w.steps.values()
        if isinstance(m, Message)
        for s in m.variants
    ]
    assert "Please select your PDF" in said
