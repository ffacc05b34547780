"""What every language model keeps to, and what the scripted one answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import structlog

from parley.backends.clock import StillClock
from parley.backends.llm import script
from parley.backends.llm.script import read_rules
from parley.backends.llm.scripted import ScriptedModel, read_script, script_of
from parley.errors import BadProject
from parley.ports.llm import Asked, Line, ModelUnavailable, Piece, Thought, ToolCall, ToolOffer, Usage

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


def test_the_script_that_the_module_shows_is_one() -> None:
    shown = [line for line in (script.__doc__ or "").splitlines() if line.startswith("    ")]
    assert len(read_rules("\n".join(shown))) == 9


STEPS = """
- when: order (\\w+)
  tools: [find]
  calls: [{find: {number: '\\1'}}, {weather: {city: Oslo}}]
  then:
    - {result: shipped, answer: On its way.}
    - {result: lost (\\w+), calls: [{find: {number: '\\1'}}], then: [{answer: Found again.}]}
    - answer: Not found.
- {result: ghost, answer: A ghost.}
- {when: secret, calls: [{hidden: {}}], anyway: true}
- {when: plan, think: Hm., json: {steps: [1, '\\g<0>']}}
- {when: cheap, answer: Yes., usage: {asked: 9, answered: 1, cached: 5, cost: 0.5}}
- {when: busy, fails: {kind: rate_limited, retry_after: 2, times: 1}, answer: Here.}
- {when: slow, delay: 2, pause: 1, answer: One two.}
- {when: broken, calls: [{find: '{"no'}]}
- answer: Else.
"""
OFFERED = (ToolOffer("find"), ToolOffer("weather"))


async def talk(model: ScriptedModel, *lines: Line) -> list[Piece]:
    return [piece async for piece in model.answer(Asked(lines, tools=OFFERED))]


def calls_in(pieces: list[Piece]) -> tuple[ToolCall, ...]:
    return tuple(piece for piece in pieces if isinstance(piece, ToolCall))


def text_in(pieces: list[Piece]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


async def test_several_steps_follow_what_the_tools_gave() -> None:
    model = script_of(STEPS)
    asked = (Line("user", "my order x7"),)
    calls = calls_in(await talk(model, *asked))
    assert [(call.name, call.arguments) for call in calls] == [
        ("find", '{"number":"x7"}'),
        ("weather", '{"city":"Oslo"}'),
    ]
    said = (*asked, Line("assistant", "", calls))
    for result, answer in (("it is shipped", "On its way."), ("who knows", "Not found.")):
        results = (Line("tool", result, call_id=calls[0].id), Line("tool", "Rain.", call_id=calls[1].id))
        assert text_in(await talk(model, *said, *results)) == answer
    lost = (*said, Line("tool", "lost y8", call_id=calls[0].id))
    again = calls_in(await talk(model, *lost))
    assert again[0].arguments == '{"number":"y8"}'
    assert again[0].id not in {call.id for call in calls}
    found = (*lost, Line("assistant", "", again), Line("tool", "here", call_id=again[0].id))
    assert text_in(await talk(model, *found)) == "Found again."


async def test_a_rule_that_calls_is_not_taken_for_its_own_result() -> None:
    model = script_of("- {when: order, calls: [{find: {}}]}\n- {answer: Else.}")
    calls = calls_in(await talk(model, Line("user", "order")))
    lines = (Line("user", "order"), Line("assistant", "", calls), Line("tool", "{}", call_id=calls[0].id))
    assert text_in(await talk(model, *lines)) == "Else."


async def test_it_calls_what_is_not_offered_only_where_it_is_told_to() -> None:
    model = script_of(STEPS)
    assert [call.name for call in calls_in(await talk(model, Line("user", "secret")))] == ["hidden"]
    without = [piece async for piece in model.answer(Asked((Line("user", "order x"),)))]
    assert text_in(without) == "Else."


async def test_it_thinks_and_answers_with_a_structure() -> None:
    pieces = await talk(script_of(STEPS), Line("user", "plan"))
    assert pieces[0] == Thought("Hm.")
    assert text_in(pieces) == '{"steps": [1, "plan"]}'


async def test_it_pretends_a_usage_and_still_says_what_it_is() -> None:
    usage = (await talk(script_of(STEPS), Line("user", "cheap")))[-1]
    assert isinstance(usage, Usage)
    assert (usage.model, usage.asked, usage.answered, usage.cached, usage.cost) == ("scripted", 9, 1, 5, 0.5)
    assert "not a language model" in usage.note


async def test_it_fails_for_so_many_times() -> None:
    model = script_of(STEPS)
    with pytest.raises(ModelUnavailable) as failed:
        await talk(model, Line("user", "busy"))
    assert (failed.value.failure, failed.value.retry_after) == ("rate_limited", 2)
    assert text_in(await talk(model, Line("user", "busy"))) == "Here."


async def test_it_writes_arguments_that_are_no_json_where_it_is_told_to() -> None:
    assert calls_in(await talk(script_of(STEPS), Line("user", "broken")))[0].arguments == '{"no'


async def test_it_waits_by_the_clock() -> None:
    clock = StillClock()
    answering = asyncio.create_task(talk(script_of(STEPS, clock), Line("user", "slow")))
    await clock.advance(2.5)
    assert not answering.done()
    await clock.advance(0.5)
    assert text_in(await answering) == "One two."


async def test_what_was_said_is_not_in_its_failures() -> None:
    with pytest.raises(ModelUnavailable) as failed:
        await talk(script_of("- {when: x, answer: y}"), Line("user", "my secret"))
    assert "secret" not in failed.value.message
