"""A turn's world as it was written down: the ear that answers what it is asked from the recording."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from parley.domain.recording import NEVER, Exchange, Heard
from parley.domain.redaction import Redaction, secret_mark
from parley.engine.ear import Form, Question, end_of, key_of
from parley.ports.llm import Piece

T = TypeVar("T")
_NAMES = {
    "model": "the model",
    "tools": "a service",
    "mcp": "an MCP server",
    "knowledge": "the knowledge base",
    "scripts": "a script",
    "effects": "the ledger",
    "errands": "a tool in the background",
}
NOT_RECORDED = "not_recorded"

AFTER = 0.001
"""Seconds."""


class Recalled:
    """See `engine.ear.Ear`. Answers come when they came, in the loop's time.

    `remark` is told what the recording does not hold, at the place where it is missing; `interrupt` stops the turn
    where it was stopped.
    """

    def __init__(
        self, heard: Heard, redact: tuple[str, ...], remark: Callable[[str], None], interrupt: Callable[[], object]
    ) -> None:
        self._redaction = Redaction(redact)
        self._remark = remark
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._left: dict[tuple[str, str], deque[Exchange]] = defaultdict(deque)
        for exchange in heard.exchanges:
            self._left[exchange.port, exchange.key].append(exchange)
        self._facts = heard.facts
        self._readings = deque(heard.clock)
        if heard.stopped is not None:
            # A little later: what came just before has to arrive first, and nothing came afterwards.
            self._loop.call_at(self._began + heard.stopped / 1e6 + AFTER, interrupt)

    async def call(self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]]) -> T:
        """See `Ear.call`."""
        return await self._answer(self._found(question, form), form)

    async def work(
        self, question: Question, form: Form[T], do: Callable[[], Awaitable[T]], ok: Callable[[T], bool]
    ) -> T:
        """See `Ear.work`."""
        exchange = self._next(question)
        if exchange is not None:
            return await self._answer(exchange, form)
        answer = await do()
        end = self._next(end_of(question))
        if end is not None:
            await self._until(end.at)
        return answer

    async def stream(
        self, question: Question, form: Form[list[Piece]], do: Callable[[], AsyncIterator[Piece]]
    ) -> AsyncIterator[Piece]:
        """See `Ear.stream`."""
        exchange = self._found(question, form)
        for at, packed in exchange.answer or ():
            await self._until(at)
            yield form.unpack([packed])[0]
        self._tell_of_cut(exchange)
        await self._until(exchange.at)
        if exchange.failed is not None:
            raise form.fail(*exchange.failed)

    def secret(self, name: str, value: str | None) -> str | None:
        """See `Ear.secret`: no value is known here, a mark stands for it."""
        return self._facts.get(f"secret:{name}", secret_mark(name))

    def clock(self, now_ms: Callable[[], int]) -> int:
        """See `Ear.clock`."""
        return now_ms() + (self._readings.popleft() if self._readings else 0)

    def fact(self, name: str, value: str | None) -> str | None:
        """See `Ear.fact`."""
        return self._facts.get(name, value)

    def glance(self, question: Question, form: Form[T], do: Callable[[], T]) -> T:
        """See `Ear.glance`."""
        exchange = self._found(question, form)
        if exchange.failed is not None:
            raise form.fail(*exchange.failed)
        return form.unpack(exchange.answer)

    def unasked(self) -> list[Exchange]:
        """What was asked for then and is not now."""
        return [exchange for left in self._left.values() for exchange in left if exchange.about]

    def _next(self, question: Question) -> Exchange | None:
        left = self._left.get((question.port, key_of(question, self._redaction)))
        return left.popleft() if left else None

    def _found(self, question: Question, form: Form[Any]) -> Exchange:
        exchange = self._next(question)
        if exchange is None:
            about = " ".join(self._redaction.text(question.about).split())[:120]
            message = f"not recorded: {_NAMES[question.port]} was asked something new: {about}"
            self._remark(message)
            raise form.fail(NOT_RECORDED, message)
        return exchange

    async def _answer(self, exchange: Exchange, form: Form[T]) -> T:
        await self._until(exchange.at)
        if exchange.failed is not None:
            raise form.fail(*exchange.failed)
        self._tell_of_cut(exchange)
        return form.unpack(exchange.answer)

    def _tell_of_cut(self, exchange: Exchange) -> None:
        if exchange.cut:
            self._remark(
                f"recorded in part: {exchange.cut} characters of the answer to this are missing: {exchange.about}"
            )

    async def _until(self, at: int) -> None:
        """Wait for this time of the turn; for ever where it is none, until the turn is stopped."""
        there = self._loop.create_future()
        if at != NEVER:
            # Also where that is past: of answers that are awaited at once, the earlier comes first.
            self._loop.call_at(self._began + at / 1e6, _arrive, there)
        await there


def _arrive(there: asyncio.Future[None]) -> None:
    if not there.done():
        there.set_result(None)
