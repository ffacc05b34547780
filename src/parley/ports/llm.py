"""A language model: a prompt goes in, an answer comes out piece by piece.

Order: texts as the model says them, which need not be cut at words; a `Chosen` where it takes one of the ways it was
offered; at last one `Usage`. Delivery: an answer is asked for when it is iterated, once; who stops iterating stops the
model. Failure: `ModelUnavailable`, before or between pieces; nothing is tried again here. Time: bounded by the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal, Protocol

from msgspec import Struct

from parley.domain.prompt import ModelSettings
from parley.errors import ParleyError


class Line(Struct, frozen=True):
    """One message of the conversation with the model."""

    role: Literal["user", "assistant"]
    content: str


class Offer(Struct, frozen=True):
    """A way that the model may choose instead of talking on, and the values that it is to give along, by name."""

    name: str
    about: str = ""
    values: tuple[str, ...] = ()


class Asked(Struct, frozen=True):
    """All that one answer is made from."""

    lines: tuple[Line, ...]
    system: str = ""
    offers: tuple[Offer, ...] = ()
    settings: ModelSettings = ModelSettings()


class Chosen(Struct, frozen=True):
    """The model takes an offered way."""

    name: str
    values: dict[str, Any] = {}


class Usage(Struct, frozen=True):
    """What the answer took. `model` is who answered; `note` is for the agent's builder."""

    model: str
    asked: int = 0
    answered: int = 0
    note: str = ""


Piece = str | Chosen | Usage


class ModelUnavailable(ParleyError):
    """The language model cannot answer: there is none, it refuses, or it cannot be reached."""

    code = "model_unavailable"


class LanguageModel(Protocol):
    """Answers prompts."""

    def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        """The answer, piece by piece. Raises `ModelUnavailable`."""
        ...
