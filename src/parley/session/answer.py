"""The answer to one action as it grows: read by any number of readers, each at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from parley.domain.actions import Action
from parley.domain.ids import TurnID
from parley.domain.transcript import Emission, TurnRecord
from parley.errors import ParleyError, StoreUnavailable
from parley.session.edits import Change
from parley.session.signal import Signal


class Answer:
    """What one turn has said so far, and whether there is more to come.

    Emissions become readable once the action itself is durable, so nobody sees an answer to an action that could
    still be lost. A reader that goes away stops nothing.
    """

    __slots__ = (
        "_said",
        "_signal",
        "_watchers",
        "action",
        "change",
        "failure",
        "is_accepted",
        "is_merged",
        "is_over",
        "quiet_ms",
        "record",
    )

    def __init__(self, record: TurnRecord, action: Action | None = None, change: Change | None = None) -> None:
        self.record = record
        self.action = action
        """None for what runs no flow: `change` is made instead."""
        self.change = change
        self.quiet_ms: int | None = None
        """How long a text waits for another one to become one action with; None: it does not."""
        self.is_merged = False
        """The text is part of an earlier turn's."""
        self.failure: ParleyError | None = None
        self.is_accepted = False
        self.is_over = False
        self._said: list[Emission] = []
        self._signal = Signal()
        self._watchers: list[Callable[[], None]] = []

    @classmethod
    def finished(cls, record: TurnRecord) -> Answer:
        """The answer of a turn that is over, as the store has it."""
        answer = cls(record)
        answer._said = list(record.said or ())
        answer.is_accepted = answer.is_over = True
        return answer

    @property
    def turn(self) -> TurnID:
        """The turn's id."""
        return self.record.id

    @property
    def said(self) -> Sequence[Emission]:
        """Everything so far, readable or not yet."""
        return self._said

    @property
    def readable(self) -> Sequence[Emission]:
        """What may be read by now."""
        return self._said if self.is_accepted else ()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` when the action is accepted and when it is over, failed or not, in the order of watching.

        Called at once, too, where one of these has happened already.
        """
        if not self.is_over:
            self._watchers.append(watcher)
        if self.is_accepted or self.is_over:
            watcher()

    def _changed(self) -> None:
        self._signal.wake()
        for watcher in self._watchers:
            watcher()

    def settle_acceptance(self, saving: asyncio.Future[None]) -> None:
        """The store has recorded the action, or has not. (A done-callback: must not raise.)"""
        failure = None if saving.cancelled() else saving.exception()
        if failure is None:
            self.accept()
        elif not self.is_over:
            # The turn may still be saved whole by its commit; until then nothing of it is shown.
            self.failure = failure if isinstance(failure, ParleyError) else StoreUnavailable(str(failure))
            self._signal.wake()

    def accept(self) -> None:
        """The action is durable: what has been said may be read."""
        self.is_accepted = True
        self._changed()

    async def accepted(self) -> None:
        """Return when the action is durable. Raises `StoreUnavailable` when neither it nor its turn could be saved.

        An action that could not be recorded may still be saved by its turn's commit: the outcome is waited for, so
        that nobody is told to try again what has taken effect.
        """
        while not self.is_accepted:
            if self.is_over:
                raise self.failure or StoreUnavailable("This action could not be saved. Try again.")
            await self._signal.wait()

    async def durable(self) -> None:
        """Return when the action is durable. Raises what made recording it fail, also where its turn may yet be saved:
        for what must not be done in the name of an action that could be lost."""
        while not self.is_accepted:
            if self.failure is not None:
                raise self.failure
            await self._signal.wait()

    def nudge(self) -> None:
        """Give every reader that waits an empty portion."""
        self._signal.wake()

    def append(self, emission: Emission) -> None:
        """Add an emission; readable at once when the action is durable."""
        self._said.append(emission)
        if self.is_accepted:
            self._signal.wake()

    def finish(self, failure: ParleyError | None = None) -> None:
        """Nothing comes after this. With a failure, what was not readable yet never will be."""
        if failure is None:
            self.is_accepted = True
        self.failure = failure
        self.is_over = True
        self._changed()
        # Nothing happens any more. Watchers that know this answer would keep it for the collector of cycles to find.
        self._watchers.clear()

    async def read(self) -> AsyncIterator[Sequence[Emission]]:
        """All emissions from the first, in the portions in which they became readable; an empty one at each `nudge`.

        Raises what made the turn fail, after the emissions that had been readable.
        """
        position = 0
        while True:
            readable = len(self.readable)
            if position < readable:
                portion = self._said[position:readable]
                position = readable
                yield portion
            elif self.is_over:
                if self.failure is not None:
                    raise self.failure
                return
            else:
                await self._signal.wait()
                if position == len(self.readable) and not self.is_over:
                    yield ()

    async def whole(self) -> Sequence[Emission]:
        """All emissions, once the turn is over. Raises what made it fail."""
        while not self.is_over:
            await self._signal.wait()
        if self.failure is not None:
            raise self.failure
        return self._said
