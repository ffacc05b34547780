"""Asking the language model: what goes into the prompt, and what becomes of the answer. Knows no steps.

Source: engine, section 1.10 (generative); Conversations API, sections 4.1 (completions) and 6 (memory).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import Literal, assert_never

from msgspec import UNSET, Struct

from parley.domain.channel_traces import KnowledgePayload, KnowledgeTrace
from parley.domain.prompt import Prompt
from parley.domain.traces import debug
from parley.engine.stored import stored
from parley.engine.telling import Telling
from parley.engine.templates import render
from parley.engine.turn import Turn
from parley.engine.variables import MEMORY
from parley.ports.knowledge import Passage
from parley.ports.llm import Asked, Line, ModelUnavailable, Notice, Thought, ToolCall, Usage

PASSAGES = 3
"""How many go along with a prompt."""
_NOT_FOUND = "NOT_FOUND"
_ONLY_FROM = (
    "Answer only from the passages below. If they do not hold the answer, reply with NOT_FOUND and nothing else.\n\n"
)
Hear = Callable[[str], None]


class Answer(Struct, frozen=True):
    """What the model said, and the tools that it wants used."""

    text: str
    calls: tuple[ToolCall, ...] = ()


class _Said(Struct, frozen=True):
    role: Literal["user", "assistant"]
    content: str


def remembered(turn: Turn) -> tuple[Line, ...]:
    """The conversation so far."""
    lines = stored(turn.state.storage, MEMORY, list[_Said]) or []
    return tuple(Line(line.role, line.content) for line in lines)


async def ask(asked: Asked, turn: Turn, hear: Hear | None = None) -> Answer | None:
    """The model's answer; None, with a debug trace, when it cannot be asked. `hear` gets every piece of it."""
    model = turn.world.model
    if model is None:
        turn.emit(debug("no language model is set up here", level="error", context="model"))
        return None
    texts: list[str] = []
    calls: list[ToolCall] = []
    try:
        async with aclosing(model.answer(asked)) as pieces:
            async for piece in pieces:
                match piece:
                    case str():
                        texts.append(piece)
                        if hear is not None:
                            hear(piece)
                    case ToolCall():
                        calls.append(piece)
                    case Thought():
                        pass
                    case Notice():
                        turn.emit(debug(piece.message, level=piece.level, context="model"))
                    case Usage():
                        turn.emit(debug(_account(piece), context="model"))
                    case _:
                        assert_never(piece)
    except ModelUnavailable as failed:
        turn.emit(debug(failed.message, level="error", context="model"))
        if not texts:
            return None
    return Answer("".join(texts), tuple(calls))


async def answer_to(prompt: Prompt, turn: Turn, hear: Hear | None = None) -> str | None:
    """The text that answers a prompt; None when there is none."""
    asked = await _asked(prompt, turn)
    answer = None if asked is None else await ask(asked, turn, hear)
    if answer is None or not answer.text.strip() or _is_refusal(answer.text, prompt):
        return None
    return answer.text.strip()


async def say_answer(prompt: Prompt, turn: Turn) -> bool:
    """Say what answers the prompt; False when nothing does.

    What comes from the knowledge base is told when it is whole: the model may find that there is no answer.
    """
    telling = Telling(turn, streams=turn.config.completion_events)
    text = await answer_to(prompt, turn, None if prompt.knowledge else telling.hear)
    if text is None:
        telling.stop()
        return False
    telling.finish(text)
    return True


async def passages_for(question: str, limit: int, turn: Turn) -> list[Passage]:
    """What the knowledge base says; nothing, with a debug trace, where there is none."""
    if turn.world.knowledge is None:
        turn.emit(debug("no knowledge base is set up here", level="error", context="knowledge"))
        return []
    found = list(await turn.world.knowledge.search(turn.state.project, question, limit))
    chunks = [{"score": p.score, "documentID": p.document, "documentData": p.data} for p in found]
    query = {"messages": [{"role": "user", "content": question}], "output": None}
    turn.emit(KnowledgeTrace(KnowledgePayload(chunks, query if chunks else UNSET)))
    return found


async def _asked(prompt: Prompt, turn: Turn) -> Asked | None:
    """The prompt with its variables; None when it needs knowledge and there is none."""
    system, text = render(prompt.system, turn.variables), render(prompt.text, turn.variables)
    if prompt.knowledge:
        passages = await passages_for(text, PASSAGES, turn)
        if not passages:
            return None
        system = f"{system}\n\n{_ONLY_FROM}".lstrip() + "\n\n".join(passage.content for passage in passages)
    lines = remembered(turn) if prompt.memory != "none" else ()
    if prompt.memory != "only":
        lines += tuple(Line(each.role, render(each.content, turn.variables)) for each in prompt.messages)
        lines += (Line("user", text),) if text else ()
    return Asked(lines, system, settings=prompt.settings)


def _is_refusal(text: str, prompt: Prompt) -> bool:
    said = text.strip().upper()
    return prompt.knowledge and (_NOT_FOUND in said or said.startswith(("I'M SORRY,", "AS AN AI")))


def _account(usage: Usage) -> str:
    note = f" ({usage.note})" if usage.note else ""
    cached = f" ({usage.cached} of them cached)" if usage.cached else ""
    cost = "" if usage.cost is None else f", {usage.cost:.6f} US dollars"
    return f"{usage.model} answered: {usage.asked} tokens asked{cached}, {usage.answered} answered{cost}{note}"
