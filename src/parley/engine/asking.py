"""Asking the language model: what goes into the prompt, and what becomes of the answer. Knows no steps.

Source: engine, section 1.10 (generative); Conversations API, sections 4.1 (completions) and 6 (memory).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import assert_never

from msgspec import Struct

from parley.domain.prompt import Prompt
from parley.domain.traces import debug
from parley.engine.briefed import instructed, with_context
from parley.engine.grounding import grounded, is_no_answer, source_urls
from parley.engine.injected import unmarked, with_injections
from parley.engine.looking_up import look_up
from parley.engine.telling import Telling
from parley.engine.templates import render
from parley.engine.thinking import Thinking
from parley.engine.turn import Turn
from parley.ports.knowledge import Passage
from parley.ports.llm import Asked, LanguageModel, Line, ModelUnavailable, Notice, Thought, ToolCall, Usage

TOO_MANY = "{} questions to models in one turn are enough (limit `model_calls`)"
Hear = Callable[[str], None]
Cite = Callable[[list[dict[str, str]]], None]


class Answer(Struct, frozen=True):
    """What the model said, and the tools that it wants used."""

    text: str
    calls: tuple[ToolCall, ...] = ()


def remembered(turn: Turn) -> tuple[Line, ...]:
    """The conversation so far."""
    return turn.variables.memory.lines()


def may_ask(turn: Turn) -> bool:
    """Whether a model may be asked once more in this turn."""
    return turn.spent.calls < turn.program.settings.limits.model_calls


async def ask(asked: Asked, turn: Turn, hear: Hear | None = None) -> Answer | None:
    """The model's answer; None, with a debug trace, when it cannot be asked. `hear` gets every piece of it."""
    model = turn.world.model
    if model is None:
        turn.emit(debug("no language model is set up here", level="error", context="model"))
        return None
    if not may_ask(turn):
        turn.emit(debug(f"not asked: {TOO_MANY.format(turn.spent.calls)}", level="error", context="model_calls"))
        return None
    turn.spent.calls += 1
    asked = with_context(with_injections(asked, turn), turn)
    texts: list[str] = []
    calls: list[ToolCall] = []
    try:
        async with aclosing(_pieces(model, asked, turn)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ToolCall):
                    calls.append(piece)
                    continue
                texts.append(piece)
                if hear is not None:
                    hear(piece)
    except ModelUnavailable as failed:
        turn.emit(debug(failed.message, level="error", context=failed.code))
        # What was cut short may lack calls: none of them is made.
        calls.clear()
        if not texts:
            return None
    return Answer("".join(texts), tuple(calls))


async def _pieces(model: LanguageModel, asked: Asked, turn: Turn) -> AsyncGenerator[str | ToolCall]:
    """The pieces of an answer; what else comes with them is shown to whom it is for."""
    thinking = Thinking(turn)
    try:
        async with aclosing(model.answer(asked)) as pieces:
            async for piece in pieces:
                match piece:
                    case str() | ToolCall():
                        thinking.stop()
                        yield piece
                    case Thought():
                        thinking.hear(piece.text)
                    case Notice():
                        turn.emit(debug(piece.message, level=piece.level, context="model"))
                    case Usage():
                        turn.spent.add(piece)
                        turn.emit(debug(_account(piece), context="model"))
                    case _:
                        assert_never(piece)
    finally:
        thinking.stop()


async def answer_to(prompt: Prompt, turn: Turn, hear: Hear | None = None, cite: Cite | None = None) -> str | None:
    """The text that answers a prompt; None when there is none. `cite` gets the addresses that it may come from."""
    asked = await _asked(prompt, turn, cite)
    answer = None if asked is None else await ask(asked, turn, hear)
    if answer is None or not answer.text.strip() or (prompt.knowledge and is_no_answer(answer.text)):
        return None
    return answer.text.strip()


async def say_answer(prompt: Prompt, turn: Turn) -> bool:
    """Say what answers the prompt; False when nothing does.

    What comes from the knowledge base is told when it is whole: the model may find that there is no answer.
    """
    with Telling(turn, streams=turn.config.completion_events) as telling:
        text = await answer_to(prompt, turn, None if prompt.knowledge else telling.hear, telling.cite)
    if text is None:
        telling.stop()
        return False
    telling.finish(text)
    return True


async def passages_for(question: str, limit: int, turn: Turn) -> list[Passage]:
    """What the knowledge base says; nothing, with a debug trace, where there is none. See `look_up`."""

    async def rewriting(asked: Asked) -> str | None:
        answer = await ask(asked, turn)
        return None if answer is None else answer.text

    return await look_up(question, limit, turn, rewriting, remembered(turn))


async def _asked(prompt: Prompt, turn: Turn, cite: Cite | None) -> Asked | None:
    """The prompt with its variables; None when it needs knowledge and there is none."""
    system, text = render(prompt.system, turn.variables), render(prompt.text, turn.variables)
    if prompt.knowledge:
        settings = turn.program.settings.knowledge
        passages = await passages_for(text, settings.limit, turn)
        if not passages:
            return None
        if cite is not None and settings.sources:
            cite(source_urls(passages, settings.sources))
        system = grounded(system, passages)
    lines = remembered(turn) if prompt.memory != "none" else ()
    if prompt.memory != "only":
        lines += tuple(Line(each.role, render(each.content, turn.variables)) for each in prompt.messages)
        lines += (Line("user", unmarked(text)),) if text else ()
    return Asked(lines, instructed(system, turn), settings=prompt.settings)


def _account(usage: Usage) -> str:
    note = f" ({usage.note})" if usage.note else ""
    cached = f" ({usage.cached} of them cached)" if usage.cached else ""
    cost = "" if usage.cost is None else f", {usage.cost:.6f} US dollars"
    return f"{usage.model} answered: {usage.asked} tokens asked{cached}, {usage.answered} answered{cost}{note}"
