"""Several language models as one that answers while any of them does: it tries again, and takes another.

It tries again only before the first piece. What it does is told in `Notice` pieces.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from random import Random

import structlog
from msgspec import Struct

from parley.ports.clock import Clock
from parley.ports.llm import Asked, LanguageModel, ModelUnavailable, Notice, Piece

log = structlog.get_logger()

Find = Callable[[str], LanguageModel | None]
"""A model that is not in the list, by its address."""


class Patience(Struct, frozen=True):
    """How often a model is asked, and how long it is waited for, in seconds.

    The n-th wait is a random part of `base` doubled n times, of `longest` at most. A provider that wants to be asked
    later than in `bound` (`hurried` where another model could answer) is not waited for. A model that has failed is
    asked last for `rest`.
    """

    tries: int = 3
    base: float = 0.5
    longest: float = 8.0
    bound: float = 15.0
    hurried: float = 2.0
    rest: float = 30.0


class Named(Struct, frozen=True):
    """A model by the name that agents and messages give it."""

    name: str
    model: LanguageModel


class Steadfast:
    """See `LanguageModel`. `models` in the order in which they are asked, the first one if it can."""

    def __init__(
        self,
        models: Sequence[Named],
        clock: Clock,
        *,
        find: Find | None = None,
        patience: Patience | None = None,
        random: Random | None = None,
    ) -> None:
        self._models = tuple(models)
        self._clock = clock
        self._find = find
        self._patience = patience or Patience()
        self._random = random or Random()
        self._rests: dict[str, int] = {}
        """Until when (ms) a model is asked last."""

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """See `LanguageModel.answer`."""
        wanted = asked.settings.model
        order = self._order(wanted)
        if wanted is not None and self._named(wanted) is None:
            yield Notice(f"there is no model '{wanted}' here; {order[0].name} is asked instead", "info")
        last: ModelUnavailable | None = None
        for n, named in enumerate(order):
            if last is not None:
                yield Notice(f"{last.message}; {named.name} is asked instead")
            others = n + 1 < len(order)
            try:
                async with aclosing(self._try(named, asked, others)) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            except _GaveUp as gave_up:
                last = gave_up.failed
        if last is not None:
            raise last

    async def _try(self, named: Named, asked: Asked, others: bool) -> AsyncGenerator[Piece, None]:
        """One model's answer. Raises `_GaveUp` before its first piece, `ModelUnavailable` after it."""
        attempt = 0
        while True:
            attempt += 1
            has_begun = False
            try:
                async with aclosing(named.model.answer(asked)) as pieces:
                    async for piece in pieces:
                        has_begun = has_begun or not isinstance(piece, Notice)
                        yield piece
                self._rests.pop(named.name, None)
                return
            except ModelUnavailable as failed:
                log.warning("language model failed", model=named.name, failure=failed.failure, attempt=attempt)
                wait = None if has_begun else self._wait(failed, attempt, others)
                if wait is None:
                    self._lay_off(named.name, failed)
                    if has_begun or failed.failure == "filtered":
                        raise
                    raise _GaveUp(failed) from failed
                message = f"{failed.message}; it is asked again in {wait:.1f} s"
            yield Notice(message)
            await self._clock.sleep(wait)

    def _wait(self, failed: ModelUnavailable, attempt: int, others: bool) -> float | None:
        """Seconds until the next try; None: there is none. After a silence another model is asked, if there is one."""
        patience = self._patience
        if not failed.is_passing or attempt >= patience.tries or (others and failed.failure == "timeout"):
            return None
        jittered = self._random.uniform(0, min(patience.longest, patience.base * 2 ** (attempt - 1)))
        if failed.retry_after is None:
            return jittered
        bound = patience.hurried if others else patience.bound
        return None if failed.retry_after > bound else failed.retry_after + self._random.uniform(0, patience.base)

    def _lay_off(self, name: str, failed: ModelUnavailable) -> None:
        if failed.is_passing:
            seconds = max(self._patience.rest, failed.retry_after or 0)
            self._rests[name] = self._clock.now_ms() + round(seconds * 1000)

    def _order(self, wanted: str | None) -> list[Named]:
        """The models to be asked: the one that is wanted, then the others; those that have failed lately last."""
        first = None if wanted is None else self._named(wanted)
        order = ([] if first is None else [first]) + [each for each in self._models if each != first]
        now = self._clock.now_ms()
        return sorted(order, key=lambda each: self._rests.get(each.name, 0) > now)

    def _named(self, wanted: str) -> Named | None:
        for named in self._models:
            if wanted in (named.name, named.name.partition(":")[2]):
                return named
        found = None if self._find is None else self._find(wanted)
        return None if found is None else Named(wanted, found)


class _GaveUp(Exception):
    """One model did not answer; another may."""

    def __init__(self, failed: ModelUnavailable) -> None:
        super().__init__(failed.message)
        self.failed = failed
