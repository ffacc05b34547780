"""What came of a tool: what the model reads, and what is left to be done with it. Knows no kinds of tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from parley.engine.templates import text_of
from parley.ports.llm import ToolCall

LONGEST = 20_000
"""Characters of a result that a model gets to read."""


class Outcome(Struct, frozen=True):
    """`text` is what the model reads. `found` is the JSON that captures look into, where `has_found`.

    `traces` are shown, as a function returns them; `notes` are for the agent's builder: level and message.
    """

    text: str
    is_error: bool = False
    found: Any = None
    has_found: bool = False
    traces: Any = None
    notes: tuple[tuple[str, str], ...] = ()


class Used(Struct, frozen=True):
    """A call that is over. `result` is what the model reads."""

    call: ToolCall
    result: str
    is_error: bool = False


Run = Callable[[], Awaitable[Outcome]]
"""A tool that is ready to be used: everything that it needs of the turn is in it already."""


def failed(why: str) -> Outcome:
    """It did not work; the model reads why."""
    return Outcome(f"Error: {why}", is_error=True, notes=(("error", why),))


def result_of(value: Any) -> str:
    """A JSON value as the model reads it."""
    return text_of(value)


def bounded(text: str) -> str:
    """The text, cut where it is too long for a model, which is told so."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[The result was cut: these are the first {LONGEST} of {len(text)} characters.]"
