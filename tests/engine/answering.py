"""A model that gives the answers it is told to give, piece by piece, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from parley.ports.llm import Asked, ModelUnavailable, Piece, Usage

Answering = Sequence[Piece | ModelUnavailable | asyncio.Event]
"""One answer: its pieces, where it fails, and what it waits for for ever."""


class GivenAnswers:
    """Gives one answer after another, then the last one again and again."""

    def __init__(self, *answers: Answering) -> None:
        self.asked: list[Asked] = []
        self._answers = list(answers)
        self.is_closed = False

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """See `LanguageModel.answer`."""
        self.asked.append(asked)
        pieces = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        try:
            for piece in pieces:
                if isinstance(piece, ModelUnavailable):
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await piece.wait()
                else:
                    yield piece
            yield Usage("given", asked=10, answered=5, cost=0.01)
        finally:
            self.is_closed = True

    async def close(self) -> None:
        """See `LanguageModel.close`."""
