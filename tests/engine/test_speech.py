"""What is spoken, and how it is said again after an interruption."""

from __future__ import annotations

from typing import Any

from tests.conversations.driver import engine_driver
from tests.engine.programs import program, workflow

from parley.domain.program import Intent, Trigger
from parley.domain.steps import Choice, Message, Option, Said, Speak

SPOKEN = program(
    "spoken",
    workflow(
        "main",
        Speak("s", then="c", variants=(Said("Hello {name}."), Said("Hello {name}."))),
        Choice("c", options=(Option("yes", "Yes"), Option("no", "Yes", url="https://x/{name}"))),
    ),
    workflow("help", Message("h", variants=(Said("Help."),))),
    workflow("jingle", Speak("j", then="k", variants=(Said("Ding", audio="https://x/ding.mp3"),)), Choice("k")),
    intents={"help": Intent("help", ("help",)), "jingle": Intent("jingle", ("play",))},
    triggers=(Trigger("help", intent="help", calls=True), Trigger("jingle", intent="jingle")),
)


async def _said(*texts: str) -> list[dict[str, Any]]:
    send = engine_driver(SPOKEN)
    answer = await send({"type": "launch"}, {})
    for text in texts:
        answer = await send({"type": "text", "payload": text}, {})
    return [trace for trace in answer.traces if trace["type"] not in ("block", "debug", "flow", "path")]


async def test_speech_is_a_trace_of_its_own() -> None:
    first, second = await _said()
    assert first["payload"] == {"message": "Hello {name}.", "type": "message"}
    assert [button["name"] for button in second["payload"]["buttons"]] == ["Yes"]


async def test_speech_is_said_again_after_an_interruption() -> None:
    help_text, again, choice = await _said("help")
    assert help_text["payload"]["message"] == "Help."
    assert again["type"] == "speak"
    assert choice["type"] == "choice"


async def test_a_recording_is_played_again() -> None:
    answers = await _said("play", "help")
    assert answers[1]["payload"] == {"message": "Ding", "type": "audio", "src": "https://x/ding.mp3"}
