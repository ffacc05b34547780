"""One turn being performed: from the action to what is saved, under the turn's limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from math import ceil
from typing import Any

import msgspec
import structlog
from msgspec import Raw
from msgspec.structs import replace

from parley.domain.actions import Action, EndRequested
from parley.domain.injection import Injection, InjectionID, InjectionStage
from parley.domain.operator import Handover
from parley.domain.state import SessionState
from parley.domain.traces import Stamp, Trace, debug, type_of
from parley.domain.transcript import Body, Completed, Emission, Ended, Stated, Traced, TurnRecord
from parley.engine.agent import Agent
from parley.engine.hearing import HeardWorld
from parley.engine.turn import Turn
from parley.engine.variables import Variables
from parley.engine.world import NOWHERE, World
from parley.errors import Draining, ParleyError
from parley.ports.clock import Clock
from parley.session.answer import Answer
from parley.session.eager import start
from parley.session.heard import Keeping
from parley.session.merging import MERGED
from parley.session.outbox import Outbox
from parley.session.owed import owe, pay
from parley.session.showing import shown_to_user

log = structlog.get_logger()

Engine = Callable[[Turn], Coroutine[Any, Any, None]]
SESSION_ENDED = "session_ended"
INTERRUPTED = "interrupted"
SAID = frozenset({"text", "speak", "completion", "live-agent-handoff"})
FOLDED = 100
"""How many used injections a session remembers."""
INTERNAL_ERROR = "An internal error occurred."


def stage_after(said: Sequence[Emission], state: SessionState) -> InjectionStage:
    """How far something has come after which this was said: used, and perhaps heard of."""
    if not any(isinstance(each.body, Traced) and each.body.type in SAID for each in said):
        return "folded_into_turn"
    return "spoken" if state.contact.channel == "voice" else "shown"


class Performance:
    """Runs the engine for one answer and gathers what it says."""

    def __init__(
        self,
        state: SessionState,
        agent: Agent,
        answer: Answer,
        outbox: Outbox,
        clock: Clock,
        world: World = NOWHERE,
        injected: Callable[[], Sequence[Injection]] = tuple,
    ) -> None:
        self.answer = answer
        self.has_effects = False
        """The turn has done something to the world."""
        self.handed_over: Handover | None = None
        """That the agent has handed over to a person, or goes on without one."""
        self._keeping = Keeping(agent.program, state, answer.record.accepted_at)
        self._world = world
        self._injected = injected
        self._folded: dict[InjectionID, int] = {}
        """How much had been said when an injection became known."""
        self._state = state
        self._agent = agent
        self._outbox = outbox
        self._clock = clock
        self._config = answer.record.config
        self._excluded = answer.record.config.exclude_types
        self._stamp = Stamp(answer.record.id)
        self._reason: str | None = None
        self._running: asyncio.Task[Any] | None = None
        self._is_interrupted = False
        self._is_abandoned = False
        self._ending: list[Emission] = []
        """What is told only when the turn is saved."""

    async def run(self, engine: Engine) -> TurnRecord:
        """Perform the turn. Afterwards the state is the one to save, together with the record returned."""
        self.answer.watch(self._let_out)
        state, ended_before = self._state, self._state.ended
        if ended_before is not None:
            self._reason = SESSION_ENDED
        elif self.answer.is_merged:
            self._reason = MERGED
        elif self.answer.change is not None:
            self.answer.change(state)
            self._keeping.changed(state)
        elif isinstance(self.answer.action, EndRequested):
            state.ended = "ended_by_client"
        elif self.answer.action is not None:
            await self._answer(engine, self.answer.action)
        return self._conclude(ended_before)

    def interrupt(self) -> bool:
        """Cancel the engine at its next wait; False when it is not at work."""
        if self._running is None or self._is_interrupted:
            return False
        self._is_interrupted = True
        return self._running.cancel()

    def abandon(self) -> bool:
        """Stop the engine at its next wait and save nothing; False when it is not at work."""
        self._is_abandoned = self.interrupt()
        return self._is_abandoned

    def release(self) -> None:
        """The turn is saved: tell its end."""
        for emission in self._ending:
            self._outbox.append(self.answer.record.message_id, emission)
            self.answer.append(emission)
        self.answer.finish()

    async def _answer(self, engine: Engine, action: Any) -> None:
        state, record = self._state, self.answer.record
        before = dict(state.variables)
        if record.variables:
            state.variables.update(record.variables)
        turn = Turn(
            self._agent,
            state,
            action,
            id=record.id,
            now_ms=record.accepted_at,
            emit=self._emit,
            config=self._config,
            world=HeardWorld(self._world, self._keeping.ear) if self._keeping.is_on else self._world,
            durable=self.answer.durable,
        )
        turn.injected = self._take_injected
        if state.owed:
            self._pay(action)
        await self._run_engine(engine, turn)
        if not self._outbox.listeners:
            owe(action, self.answer.said, state)
        self.has_effects = turn.has_effects
        self.handed_over = turn.handed_over
        self._check_size(turn.variables, before)
        if turn.finished:
            state.ended = turn.end_reason
        if self._config.state:
            shown = state.shown() | {"variables": turn.variables.shown()}
            self._end_with(Stated(Raw(msgspec.json.encode(shown_to_user(state, shown)))))

    def _take_injected(self) -> Sequence[Injection]:
        taken = self._injected()
        if taken:
            self._folded.update((injection.id, len(self.answer.said)) for injection in taken)
            self._state.folded = [*self._state.folded, *(injection.id for injection in taken)]
            # Never less than one turn has taken: a crash right after it must not bring any of them back.
            self._state.folded = self._state.folded[-max(FOLDED, len(taken)) :]
        return taken

    def stage_of(self, injection: Injection) -> InjectionStage:
        """How far an injection has come with this turn: said, where something was said after it became known."""
        later = self.answer.said[self._folded.get(injection.id, 0) :]
        return stage_after(later, self._state)

    async def _run_engine(self, engine: Engine, turn: Turn) -> None:
        try:
            rest = start(engine(turn))
            if rest is not None:
                await self._wait(rest)
        except ParleyError:
            raise
        except Exception:
            # The one place where an unexpected failure of a step ends the turn and not the session.
            log.exception("step failed", session=self._state.id, turn=turn.id)
            self._emit(debug(INTERNAL_ERROR, level="error"))

    async def _wait(self, rest: Awaitable[None]) -> None:
        """Await what is left of the engine's work, for as long as a turn may take and until it is interrupted."""
        seconds = self._agent.program.settings.limits.seconds
        self._running = asyncio.current_task()
        try:
            async with asyncio.timeout(seconds) as deadline:
                await rest
        except TimeoutError:
            if not deadline.expired():
                raise
            self._reason = "turn_timeout"
            self._emit(debug(f"turn stopped after {seconds:g} s (limit `seconds`)", level="error", context="seconds"))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_interrupted or task is None or task.uncancel() > 0:
                raise
            if self._is_abandoned:
                raise Draining("This server shut down before the turn was over. Send the action again.") from None
            self._reason = INTERRUPTED
        finally:
            self._running = None

    def _check_size(self, variables: Variables, before: dict[str, Any]) -> None:
        limit = self._agent.program.settings.limits.variable_bytes
        has_grown = variables.has_grown or self.answer.record.variables
        if has_grown and len(msgspec.json.encode(self._state.variables)) > limit:
            self._state.variables = before
            message = f"the variables of this turn were not kept: more than {limit} bytes (limit `variable_bytes`)"
            self._emit(debug(message, level="error", context="variable_bytes"))

    def _conclude(self, ended_before: str | None) -> TurnRecord:
        state = self._state
        self._end_with(Completed(self.answer.record.message_id, self._reason))
        if state.ended is not None and ended_before is None:
            self._end_with(Ended(state.ended))
        now = self._clock.now_ms()
        idle = self._agent.program.settings.idle_seconds
        state.active_at = now
        state.expires_at = None if idle is None or state.ended is not None else now + ceil(idle * 1000)
        state.revision += 1
        state.next_offset = self._outbox.next_offset + len(self._ending)
        heard = self._keeping.heard(is_stopped=self._reason == INTERRUPTED)
        return replace(self.answer.record, heard=heard, said=(*self.answer.said, *self._ending))

    def _emit(self, trace: Trace) -> None:
        kind = type_of(trace)
        if kind in self._excluded:
            return
        self._put_out(Traced(kind, Raw(self._stamp.encode(trace, self._clock.now_ms()))))

    def _pay(self, action: Action) -> None:
        """Tell what nobody has heard; whoever listens by now has been told what they missed in their own way."""
        for traced in pay(action, self._state, self._excluded):
            if not self._outbox.listeners:
                self._put_out(traced)

    def _put_out(self, traced: Traced) -> None:
        answer, outbox = self.answer, self._outbox
        record = answer.record
        emission = Emission(outbox.next_offset, record.id, traced)
        outbox.append(record.message_id, emission)
        answer.append(emission)
        if answer.is_accepted:
            outbox.release()

    def _let_out(self) -> None:
        if self.answer.is_accepted and self.answer.failure is None:
            self._outbox.release()

    def _end_with(self, body: Body) -> None:
        offset = self._outbox.next_offset + len(self._ending)
        self._ending.append(Emission(offset, self.answer.turn, body))
