"""A language model: a conversation goes in, an answer comes out piece by piece.

Order: thoughts, texts and notices as they come, texts not necessarily cut at words; each `ToolCall` whole, in the
order in which the model makes them; at last one `Usage`. Delivery: an answer is asked for when it is iterated, once;
who closes it (`contextlib.aclosing`), or is cancelled, stops the model, and its connection is closed at once; texts
that have come by the time they are asked for come as one. Failure: `ModelUnavailable`, before or between pieces; an
implementation tries again only before its first piece, so that nothing is ever said twice. Time: the whole is bounded
by the caller, the wait for the next piece by the implementation.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from parley.domain.prompt import ModelSettings
from parley.errors import ParleyError

Role = Literal["user", "assistant", "tool"]


class ToolCall(Struct, frozen=True):
    """The model wants a tool to be used. `arguments` is the text that it wrote, which ought to be a JSON object.

    `kept` is what the provider wants back, unread, when it is told the result.
    """

    id: str
    name: str
    arguments: str = "{}"
    kept: str = ""


class Line(Struct, frozen=True):
    """One message of the conversation with the model.

    `calls` belong to an assistant's line. A line of role `tool` is the result of the call that `call_id` names.
    """

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


class ToolOffer(Struct, frozen=True):
    """A tool that the model may use. `parameters` is the JSON Schema of an object."""

    name: str
    about: str = ""
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


class Asked(Struct, frozen=True):
    """All that one answer is made from.

    `answer_schema`: the JSON Schema that the text of the answer has to fit (structured output). `must_call`: the model
    has to use one of the tools.
    """

    lines: tuple[Line, ...]
    system: str = ""
    tools: tuple[ToolOffer, ...] = ()
    settings: ModelSettings = ModelSettings()
    answer_schema: dict[str, Any] | None = None
    must_call: bool = False


class Thought(Struct, frozen=True):
    """A piece of what the model thinks before it answers."""

    text: str


class Notice(Struct, frozen=True):
    """For the agent's builder: a try that failed, another model that took over. `level` as of a debug trace."""

    message: str
    level: str = "warn"


class Usage(Struct, frozen=True):
    """What the answer took, in tokens. `model` is who answered; `note` is for the agent's builder.

    `cached` are those of `asked` that were read from the provider's cache. `cost` is in US dollars, None where no price
    is known.
    """

    model: str
    asked: int = 0
    answered: int = 0
    note: str = ""
    cached: int = 0
    cost: float | None = None


Piece = str | Thought | ToolCall | Notice | Usage
Failure = Literal["unavailable", "unauthorized", "rate_limited", "refused", "filtered", "cut", "timeout", "malformed"]
PASSING: frozenset[Failure] = frozenset(("unavailable", "rate_limited", "cut", "timeout"))
"""Failures that another try, or another provider, may not meet."""


class ModelUnavailable(ParleyError):
    """The language model cannot answer: there is none, it refuses, or it cannot be reached.

    `retry_after` is in seconds, where the provider says when to come back.
    """

    code = "model_unavailable"

    def __init__(self, message: str, failure: Failure = "unavailable", retry_after: float | None = None) -> None:
        super().__init__(message, code=f"model_{failure}")
        self.failure = failure
        self.retry_after = retry_after

    @property
    def is_passing(self) -> bool:
        """Another try may help."""
        return self.failure in PASSING


class LanguageModel(Protocol):
    """Answers prompts."""

    def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """The answer, piece by piece. Raises `ModelUnavailable`."""
        ...
