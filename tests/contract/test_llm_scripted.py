"""What every language model keeps to, and what the scripted one answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from parley.backends.llm.scripted import ScriptedModel, read_script, script_of
from parley.errors import BadProject
from parley.ports.llm import Asked, Line, ModelUnavailable, Piece, ToolCall, ToolOffer, Usage

SCRIPT = r"""
- {when: "(?i)capital of (\\w+)", system: travel, answer: "The capital of \\1."}
- {when: refund, answer: Done., choose: refunded, values: {amount: 3}}
- {when: broken, fails: no answer today}
- {when: turns, answer: [One., Two.]}
"""


@pytest.fixture
def model() -> ScriptedModel:
    return script_of(SCRIPT)


async def pieces(model: ScriptedModel, said: str, system: str = "", *tools: ToolOffer) -> list[Piece]:
    lines = (Line("assistant", "Hello."), Line("user", said))
    return [piece async for piece in model.answer(Asked(lines, system, tools))]


async def test_texts_come_first_and_the_usage_last(model: ScriptedModel) -> None:
    *texts, usage = await pieces(model, "what is the capital of Norway?", "travel guide")
    assert texts == ["The ", "capital ", "of ", "Norway."]
    assert isinstance(usage, Usage)
    assert usage.model == "scripted"
    assert "not a language model" in usage.note


async def test_a_way_is_taken_only_where_it_is_offered(model: ScriptedModel) -> None:
    said = await pieces(model, "a refund", "", ToolOffer("refunded"))
    assert ToolCall("call_2_1", "refunded", '{"amount":3}') in said
    with pytest.raises(ModelUnavailable):
        await pieces(model, "a refund")


async def test_it_fails_as_a_model_does(model: ScriptedModel) -> None:
    for said in ("broken", "nothing fits this", ""):
        with pytest.raises(ModelUnavailable):
            await pieces(model, said)


async def test_answers_by_turns(model: ScriptedModel) -> None:
    answers = ["".join(p for p in await pieces(model, "turns") if isinstance(p, str)) for _ in range(3)]
    assert answers == ["One.", "Two.", "One."]


def test_it_warns_that_it_is_none() -> None:
    with structlog.testing.capture_logs() as logs:
        script_of(SCRIPT)
    assert [(log["log_level"], log["event"]) for log in logs] == [
        ("warning", "answers come from a script, not from a language model")
    ]


@pytest.mark.parametrize("text", ["- {when: '('}", "- {unknown: 1}", "answer: x", "- [", "- {answer: 3}"])
def test_a_script_that_cannot_be_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text(text)
    with pytest.raises(BadProject, match=r"script\.yaml: is not a script"):
        read_script(path)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadProject):
        read_script(tmp_path / "none.yaml")
