"""What models are told of a conversation, and what becomes of what is too long for that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conversations.driver import engine_driver, new_session
from tests.engine.answering import GivenAnswers

from parley.domain.ids import StepID, WorkflowID
from parley.domain.model_steps import AgentStep
from parley.domain.playbooks import MemoryLimit
from parley.domain.program import Program, Settings, Workflow
from parley.engine.memory import MEMORY, MOST_USES, Memory, Span, Use
from parley.ports.llm import ModelUnavailable

MAIN = WorkflowID("main")


def program(turns: int = 10, *, summary: bool = True) -> Program:
    step = AgentStep(StepID("talk"), instructions="Chat.", talks_first=False)
    memory = MemoryLimit(turns, summary)
    return Program(
        "p", MAIN, {MAIN: Workflow(MAIN, "main", {step.id: step}, step.id)}, settings=Settings(memory=memory)
    )


def memory() -> Memory:
    return Memory(new_session(program()), Span())


def says(text: str) -> dict[str, Any]:
    return {"type": "text", "payload": text}


async def chat(model: GivenAnswers, program: Program, exchanges: int) -> list[dict[str, Any]]:
    send = engine_driver(program, model=model)
    await send({"type": "launch"}, {})
    answers = [await send(says(f"question {n}"), {}) for n in range(exchanges)]
    return answers[-1].traces


async def test_models_are_told_as_many_exchanges_as_the_author_says() -> None:
    model = GivenAnswers(["Answer."])
    await chat(model, program(30, summary=False), 80)
    lines = [line.content for line in model.asked[-1].lines]
    assert lines[-1] == "question 79"
    assert len(lines) == 60


async def test_vf_memory_has_ten_exchanges() -> None:
    send = engine_driver(program(30), model=GivenAnswers(["Answer."]))
    await send({"type": "launch"}, {})
    for n in range(15):
        answer = await send(says(f"question {n}"), {})
    lines = answer.variables["vf_memory"].split("\n")
    assert lines[:2] == ["user: question 5", "assistant: Answer."]
    assert len(lines) == 20


async def test_what_overflows_is_summed_up_after_everything_that_the_user_hears() -> None:
    model = GivenAnswers(*[["Answer."]] * 24, ["They spoke of many things."], ["Answer."])
    traces = await chat(model, program(20), 24)
    said = [trace["payload"].get("message", "") for trace in traces]
    assert "They spoke of many things." not in str(traces)
    asked = model.asked[-1]
    assert "Sum up" in asked.system
    assert asked.lines[0].content.startswith("user: question 0\nassistant: Answer.")
    asking = [n for n, message in enumerate(said) if message.startswith("given answered")]
    assert asking[0] < said.index("Answer.") < asking[1]


async def test_a_summary_stands_for_what_was_said_before() -> None:
    model = GivenAnswers(*[["Answer."]] * 24, ["They spoke of many things."], ["Answer."])
    await chat(model, program(20), 25)
    lines = [line.content for line in model.asked[-1].lines]
    assert lines[0] == "(What was said before, in short: They spoke of many things.)"
    assert "question 0" not in str(lines)
    assert lines[-1] == "question 24"


async def test_the_next_summary_is_made_of_the_last_one() -> None:
    model = GivenAnswers(*[["Answer."]] * 24, ["First summary."], *[["Answer."]] * 4, ["Second summary."], ["Answer."])
    await chat(model, program(20), 30)
    (second,) = [
        asked for asked in model.asked if "First summary." in asked.lines[0].content and "Sum up" in asked.system
    ]
    assert second.lines[0].content.startswith("Before that:\nFirst summary.")


async def test_without_a_summary_what_overflows_is_forgotten() -> None:
    failing = [ModelUnavailable("asleep")]
    model = GivenAnswers(*[["Answer."]] * 24, failing, ["Answer."])
    await chat(model, program(20), 25)
    assert not any("in short" in line.content for line in model.asked[-1].lines)
    assert len(model.asked[-1].lines) <= 43


def test_tools_are_remembered_for_their_owner_alone() -> None:
    kept = memory()
    kept.said("user", "Where is it?")
    kept.used("orders", [Use("1", "find", "{}", "in Oslo")])
    kept.said("assistant", "In Oslo.")
    assert [line.role for line in kept.lines("orders")] == ["user", "assistant", "tool", "assistant"]
    assert [line.role for line in kept.lines("refunds")] == ["user", "assistant"]
    assert kept.text() == "user: Where is it?\nassistant: In Oslo."
    assert kept.spoke_last == "assistant"


def test_texts_on_both_sides_of_a_tool_stay_apart() -> None:
    kept = memory()
    kept.said("assistant", "Let me look.")
    kept.said("assistant", "Just a second.")
    kept.used("orders", [Use("1", "find")])
    kept.said("assistant", "Found.")
    assert [line.content for line in kept.lines("orders") if line.role == "assistant"] == [
        "Let me look.\nJust a second.",
        "",
        "Found.",
    ]


def test_the_oldest_uses_are_forgotten_first() -> None:
    kept = memory()
    for n in range(MOST_USES + 5):
        kept.used("orders", [Use(str(n), "find")])
    assert [line.call_id for line in kept.lines("orders") if line.role == "tool"] == [
        str(n) for n in range(5, MOST_USES + 5)
    ]


_entries = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tools", "system"]), "content": st.text(max_size=3)}
    ),
    st.fixed_dictionaries(
        {"role": st.just("tools"), "uses": st.lists(st.dictionaries(st.text(max_size=2), st.text()))}
    ),
)


@given(written=st.one_of(st.none(), st.integers(), st.lists(_entries, max_size=40)))
def test_a_memory_that_a_client_has_written_does_no_harm(written: Any) -> None:
    state = new_session(program())
    state.storage[MEMORY] = written
    kept = Memory(state, Span(10, 2))
    kept.text(), kept.lines("x"), kept.spoke_last, kept.overflow(), kept.summary()
    kept.said("user", "hello")
    kept.used("x", [Use("1", "find")])
    kept.forget(None)
    assert isinstance(state.storage[MEMORY], list)


@pytest.mark.parametrize("turns", [10, 20, 100])
def test_a_memory_never_grows_beyond_its_bounds(turns: int) -> None:
    state = new_session(program())
    kept = Memory(state, Span(turns, turns // 5))
    for n in range(500):
        kept.said("user" if n % 2 else "assistant", str(n))
        kept.used("x", [Use(str(n), "find")])
    assert len(state.storage[MEMORY]) <= 2 * turns * 1.2 + MOST_USES
