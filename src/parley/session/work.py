"""One session's turns, one after another: taken from the inbox, performed, saved, told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from parley.domain.ids import TurnID
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.world import NOWHERE, World
from parley.errors import ParleyError, StoreUnavailable
from parley.ports.clock import Clock
from parley.ports.store import Store
from parley.ports.transcripts import Transcripts
from parley.session.answer import Answer
from parley.session.happenings import Asked, HandedOver, Happenings, Over
from parley.session.inbox import Inbox
from parley.session.injections import Injections
from parley.session.mailbox import Mailbox
from parley.session.merging import merge
from parley.session.outbox import Outbox
from parley.session.performance import Engine, Performance

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every session of a process shares."""

    store: Store
    transcripts: Transcripts
    clock: Clock
    engine: Engine = run
    world: World = NOWHERE
    happenings: Happenings = field(default_factory=Happenings)
    injections: Injections | None = None
    """None: nothing can be put into a session."""


class Work:
    """What a session does: at most one turn at a time. `when_over` is called when nothing more will be done here."""

    def __init__(
        self, state: SessionState, agent: Agent, outbox: Outbox, around: Surroundings, when_over: Callable[[], None]
    ) -> None:
        self.inbox = Inbox()
        self.mailbox = Mailbox()
        self.current: Performance | None = None
        self.is_lost = False
        """The state here can no longer be trusted: the session must be loaded again."""
        self.by_key: dict[str, Answer] = {}
        """What is not saved yet; the store knows the rest, for as long as keys are good."""
        self._state = state
        self._agent = agent
        self._outbox = outbox
        self._around = around
        self._world = around.world.of(state.project, state.environment)
        self._when_over = when_over
        self._worker: asyncio.Task[None] | None = None
        self._pause: asyncio.Task[None] | None = None
        self._is_hurried = False

    @property
    def is_busy(self) -> bool:
        """A turn runs or waits."""
        return self._worker is not None

    def put(self, record: TurnRecord, answer: Answer, *, accepted: bool = False, is_first: bool = False) -> Answer:
        """Take a turn in. `accepted`: it is recorded already; else that happens now."""
        if accepted:
            answer.accept()
        else:
            saving = self._around.store.accept(record)
            if saving.done():
                answer.settle_acceptance(saving)
            else:
                saving.add_done_callback(answer.settle_acceptance)
        if record.key is not None:
            self.by_key[record.key] = answer
        if is_first:
            self.inbox.put_first(answer)
        else:
            self.inbox.put(answer)
        if self._around.happenings.is_watched(Asked):
            self._around.happenings.tell(Asked(self._state, record))
        if self._pause is not None:
            self._pause.cancel()
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        return answer

    def unfinished(self) -> list[Answer]:
        """The answers that are not over, first come first."""
        return [*(() if self.current is None else (self.current.answer,)), *self.inbox.waiting()]

    def interrupt(self) -> bool:
        """Cancel the running turn at its next wait."""
        return self.current is not None and self.current.interrupt()

    async def stop(self, turn: TurnID) -> bool:
        """Stop a turn that is at work and save nothing; False when it is not."""
        current, worker = self.current, self._worker
        if worker is None or current is None or current.answer.turn != turn or not current.abandon():
            return False
        await asyncio.wait([worker])
        return True

    async def settled(self) -> None:
        """Return when what was taken in is over. Nothing waits for more texts any longer."""
        self._is_hurried = True
        if self._pause is not None:
            self._pause.cancel()
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        """The actor's one loop."""
        try:
            while len(self.inbox) and not self.is_lost:
                if self.inbox.gathers and self._state.ended is None:
                    await self._gather()
                await self._perform(self.inbox.take())
        finally:
            self.current = None
            self._worker = None
            if self.is_lost or self._state.ended is not None:
                self._close()

    async def _gather(self) -> None:
        """Make one action of the texts at the front, once nobody adds to them."""
        clock = self._around.clock
        while not self._is_hurried and (left := self.inbox.quiet_left(clock.now_ms())):
            self._pause = asyncio.get_running_loop().create_task(clock.sleep(left / 1000))
            try:
                await asyncio.wait([self._pause])
            finally:
                self._pause.cancel()
                self._pause = None
        gathered = self.inbox.gathered()
        if len(gathered) > 1:
            merge(gathered, self._state)

    async def _perform(self, answer: Answer) -> None:
        around, was_ended = self._around, self._state.ended is not None
        state, clock, take = self._state, around.clock, self.mailbox.take
        performance = Performance(state, self._agent, answer, self._outbox, clock, self._world, take)
        self.current = performance
        try:
            record = await performance.run(around.engine)
            if answer.failure is not None:
                raise answer.failure
            await around.store.commit(self._state, record)
        except ParleyError as failure:
            self._lose(answer, failure)
        except Exception:
            log.exception("turn failed", session=self._state.id, turn=answer.turn)
            self._lose(answer, ParleyError("The turn could not be finished.", code="internal_error"))
        else:
            if record.key is not None:
                self.by_key.pop(record.key, None)
            if self.mailbox.has_taken:
                await self._note_used(performance, record)
            performance.release()
            if performance.handed_over is not None:
                around.happenings.tell(HandedOver(self._state, performance.handed_over))
            if self._state.ended is not None and not was_ended:
                around.happenings.tell(Over(self._state))
            await self._after(performance, record)

    async def _after(self, performance: Performance, record: TurnRecord) -> None:
        """What is to be noted elsewhere once the turn is saved."""
        if self._state.ended is not None and self._around.injections is not None:
            await self._around.injections.expire(self._state.id)
        if performance.has_effects:
            await self._settle(record.id)

    async def _note_used(self, performance: Performance, record: TurnRecord) -> None:
        """Receipts say where injections went before anybody can have seen the end of the turn."""
        injections, stage = self._around.injections, performance.stage_of
        if injections is not None:
            await asyncio.gather(*(injections.move(each, stage(each), record.id) for each in self.mailbox.settle()))

    async def _settle(self, turn: TurnID) -> None:
        try:
            await self._around.world.effects.settle(self._state.id, turn)
        except StoreUnavailable as error:
            # The session's next effects take these along.
            log.warning("effects not settled", session=self._state.id, turn=turn, error=error.code)

    def _lose(self, answer: Answer, failure: ParleyError) -> None:
        self.is_lost = True
        answer.finish(failure)

    def _close(self) -> None:
        """Nothing more is done here: who still waits is told."""
        for answer in self.inbox.clear():
            answer.finish(StoreUnavailable("This session could not be saved. Try again."))
        self._when_over()
