"""An answer in the making: what has been read of a provider's stream, as pieces. Knows no wire format."""

from __future__ import annotations

from typing import Protocol

import msgspec

from parley.backends.llm.place import Place
from parley.backends.llm.sse import Event
from parley.ports.llm import Asked, ModelUnavailable, Notice, Piece, Thought, Usage


class Pieces:
    """Pieces that wait to be passed on; texts and thoughts that follow each other become one."""

    __slots__ = ("_pieces", "_texts", "_thoughts")

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._texts: list[str] = []
        self._thoughts: list[str] = []

    def text(self, text: str) -> None:
        """A piece of the answer."""
        if self._thoughts:
            self._flush()
        self._texts.append(text)

    def thought(self, text: str) -> None:
        """A piece of what it thinks."""
        if self._texts:
            self._flush()
        self._thoughts.append(text)

    def add(self, piece: Piece) -> None:
        """Anything else."""
        self._flush()
        self._pieces.append(piece)

    def take(self) -> list[Piece]:
        """All that waits."""
        if self._texts or self._thoughts:
            self._flush()
        pieces, self._pieces = self._pieces, []
        return pieces

    def _flush(self) -> None:
        if self._texts:
            self._pieces.append("".join(self._texts))
            self._texts = []
        if self._thoughts:
            self._pieces.append(Thought("".join(self._thoughts)))
            self._thoughts = []


class Reading(Protocol):
    """Reads the events of one answer. Each verb raises `ModelUnavailable`; what waits then is still good."""

    pieces: Pieces
    is_over: bool
    """The provider has said that nothing follows."""
    is_whole: bool
    """The answer has ended, though its usage may follow."""

    def take(self, event: Event) -> None:
        """The next event."""
        ...

    def end(self) -> None:
        """The stream is over. What was held back until it is whole is passed on, at last the usage."""
        ...


class WireFormat(Protocol):
    """How a provider is asked, and what it answers."""

    def address(self, place: Place) -> str:
        """Where to."""
        ...

    def headers(self, place: Place) -> dict[str, str]:
        """What goes along, the key above all."""
        ...

    def body(self, asked: Asked, place: Place) -> bytes:
        """The request."""
        ...

    def reading(self, asked: Asked, place: Place) -> Reading:
        """What reads the answer."""
        ...


def malformed(place: Place) -> ModelUnavailable:
    """Something came that is none of the format."""
    return ModelUnavailable(f"{place.who} sent something that cannot be read", "malformed")


def cut(place: Place) -> ModelUnavailable:
    """The stream ended too early."""
    return ModelUnavailable(f"{place.who} broke off in the middle of its answer", "cut")


def too_short() -> Notice:
    """The answer ends where it may not be longer."""
    return Notice("the answer is not whole: it is as long as `max_tokens` or the model allows")


def with_cost(usage: Usage, place: Place) -> Usage:
    """The usage with its price, where one is known."""
    if place.prices is None or not (usage.asked or usage.answered):
        return usage
    return msgspec.structs.replace(usage, cost=place.prices.cost(usage))
