"""One conversation as an actor: one turn at a time, and nothing shown before it is sure.

Knows no transport. Order of truth (architecture, 4): traces leave as they happen once the action is durable;
`Completed` leaves only after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from parley.domain.actions import Action, Injected, Joined, Left, injected
from parley.domain.ids import SessionID, TurnID
from parley.domain.injection import Injection, Receipt, injection_event
from parley.domain.program import Limits
from parley.domain.state import SessionState
from parley.domain.transcript import TurnConfig, TurnRecord
from parley.engine.agent import Agent
from parley.errors import Busy, Draining, NotFound, SessionEnded, StoreUnavailable
from parley.session.answer import Answer
from parley.session.edits import Change, ended
from parley.session.handle import Post
from parley.session.merging import leave_out, quiet_of
from parley.session.outbox import Follower, Leave, Outbox, Portion
from parley.session.past import Past
from parley.session.recording import record_of, record_of_change
from parley.session.work import Surroundings, Work


class Session:
    """A session that is awake: owns its state until it is put to sleep or fails."""

    def __init__(self, state: SessionState, agent: Agent, around: Surroundings) -> None:
        self.agent = agent
        self.outbox = Outbox(state.epoch, state.next_offset)
        self.work = Work(state, agent, self.outbox, around, self._close)
        self._state = state
        self._around = around
        self._past = Past(state.id, self.outbox, around.transcripts)
        self.manner = TurnConfig()
        """See `SessionHandle.manner`."""
        self._is_draining = False
        self._resumed: list[Answer] = []

    @property
    def id(self) -> SessionID:
        """The session's id."""
        return self._state.id

    @property
    def is_lost(self) -> bool:
        """The state here can no longer be trusted: the session must be loaded again."""
        return self.work.is_lost

    @property
    def is_busy(self) -> bool:
        """A turn runs or waits."""
        return self.work.is_busy

    @property
    def is_idle(self) -> bool:
        """Nothing runs, nothing waits, nobody listens or watches."""
        return not self.is_busy and not self.outbox.is_followed

    def state(self) -> SessionState:
        """The state as of the last turn. Not to be changed."""
        return self._state

    async def post(self, post: Post) -> Answer:
        """Send an action; see `SessionHandle.post`."""
        if post.key is not None:
            known = await self.answered(post.key)
            if known is not None:
                return known
        self._check_open()
        record = record_of(post, self._state, self._around.clock.now_ms(), self._limits.variable_bytes)
        self._apply_policy(post)
        return self.work.put(record, self._answer_to(record, post.action))

    async def answered(self, key: str) -> Answer | None:
        """The answer to the action of this name, running or over, None where there is none."""
        if key not in self.work.by_key:
            record = await self._around.transcripts.turn(self.id, key=key)
            # Somebody may have posted the same key while this one looked: what is running here comes first.
            if key not in self.work.by_key:
                return None if record is None or not record.said else Answer.finished(record)
        return self.work.by_key[key]

    async def edit(self, change: Change, name: str) -> Answer:
        """Change the state when it is this change's turn; see `SessionHandle.edit`."""
        self._check_open()
        self.work.inbox.check_room(self._limits.waiting)
        return self._put_change(change, {"edit": name})

    async def inject(self, injection: Injection, key: str | None = None) -> Receipt:
        """Put a message into the session; see `SessionHandle.inject`."""
        self._check_open()
        injections = self._around.injections
        if injections is None:
            raise StoreUnavailable("Nothing can be put into a session here.")
        receipt, is_new = await injections.keep(injection, is_heard=self.outbox.listeners > 0, key=key)
        if is_new:
            if self._state.ended is not None:
                await injections.move(injection, "expired")
                raise SessionEnded(self._state.ended)
            self.work.mailbox.put(injection)
            self._heed(injection.shown())
        return receipt

    def heed_waiting(self, also: Sequence[Injection] = ()) -> None:
        """Let the workflows that listen for injections run for those for which none has run yet, in order; `also`
        before those that no turn knows."""
        heeded = {each.action.shown.get("id") for each in self.work.unfinished() if isinstance(each.action, Injected)}
        waiting = [injection.shown() for injection in (*also, *self.work.mailbox.waiting)]
        for id, shown in {each["id"]: each for each in (*self._state.unheeded, *waiting)}.items():
            if id not in heeded:
                self._heed(shown)

    def _heed(self, shown: dict[str, Any]) -> None:
        """Let a workflow that listens run after what waits, unless a person or the next owner has the conversation."""
        now, kind = self._around.clock.now_ms(), shown["type"]
        if not self.agent.event_triggers.get(injection_event(kind)) or self._state.held(now) is not None:
            return
        if not self._is_draining and not self.is_lost:
            action = injected(kind, shown)
            record = record_of(Post(action, self.manner), self._state, now, self._limits.variable_bytes)
            self.work.put(record, Answer(record, action))

    async def command(self, action: Action) -> Answer:
        """Do what the server says before all that waits; see `SessionHandle.command`."""
        self._check_open()
        post = Post(action)
        record = record_of(post, self._state, self._around.clock.now_ms(), self._limits.variable_bytes)
        if isinstance(action, Joined):
            self.interrupt()
        # An agent that goes on at once gets to know what came meanwhile; workflows that listen for it run all the same.
        waited = self.work.mailbox.waiting
        answer = self.work.put(record, Answer(record, action), is_first=True)
        await answer.whole()
        if isinstance(action, Left) and self._state.ended is None:
            self.heed_waiting(waited)
        return answer

    def resume(self, record: TurnRecord, post: Post) -> Answer:
        """Take up a turn that was accepted before a crash and never finished."""
        answer = self._answer_to(record, post.action)
        if record.id in self._state.merged:
            leave_out(answer)
        self.work.put(answer.record, answer, accepted=True)
        self._resumed.append(answer)
        return answer

    async def answer(self, turn: TurnID) -> Answer:
        """The answer of a turn, running or over."""
        for answer in self.work.unfinished():
            if answer.turn == turn:
                return answer
        record = await self._around.transcripts.turn(self.id, id=turn)
        # Nothing said, not even that it is over: the turn was handed back.
        if record is None or not record.said:
            raise NotFound(f"This session has no turn '{turn}'.", code="no_turn")
        return Answer.finished(record)

    @property
    def listeners(self) -> int:
        """How many follow the session now."""
        return self.outbox.listeners

    def place(self) -> tuple[int, int]:
        """The epoch, and the offset of what was last heard."""
        return self.outbox.epoch, self.outbox.readable - 1

    def entry(self) -> tuple[int, int]:
        """Where a client that does not say where it stands begins; see `SessionHandle.entry`."""
        if self._resumed and all(answer.is_over for answer in self._resumed):
            self._resumed.clear()
        return self.footing() if self._resumed else self.place()

    def footing(self) -> tuple[int, int]:
        """The epoch, and an offset up to which everything is as it was in earlier epochs."""
        return self.outbox.epoch, self.outbox.began - 1

    def follow(self, follower: Follower, lost: Leave | None = None, *, counts: bool = True) -> Leave:
        """Call `follower` with everything that the session says from now on; see `SessionHandle.follow`."""
        return self.outbox.follow(follower, lost, counts=counts)

    def attune(self, manner: TurnConfig) -> None:
        """Tell turns that no client has asked for in this manner; see `SessionHandle.attune`."""
        self.manner = replace(manner, concurrency=None)

    async def since(self, epoch: int, offset: int) -> Sequence[Portion] | None:
        """Everything said after this place, None when it cannot be told without a hole."""
        return await self._past.since(epoch, offset)

    async def recent_turns(self) -> Sequence[TurnRecord]:
        """The turns of the last emissions, and what they have said so far."""
        return await self._past.recent_turns(None if self.work.current is None else self.work.current.answer)

    def interrupt(self) -> bool:
        """Cancel the running turn at its next wait."""
        return self.work.interrupt()

    async def end(self, reason: str) -> None:
        """End the session: the running turn is interrupted, what waits is completed unanswered."""
        if self._state.ended is not None:
            return
        self.interrupt()
        await self._put_change(ended(reason), {"end": reason}, is_first=True).whole()

    async def stop(self, turn: TurnID) -> bool:
        """Stop a turn that is at work and save nothing; see `SessionHandle.stop`."""
        return await self.work.stop(turn)

    async def hand_back(self, turn: TurnID) -> bool:
        """Stop an unfinished turn as if its action had never been sent, so that its sender may send it again.

        False when the turn is not at work: then it is over, or will be run by the session's next owner.
        """
        current = self.work.current
        if current is None or self._has_merged(current.answer) or not await self.stop(turn):
            return False
        state = await self._around.store.load(self.id)
        if state is None:
            return False
        if current.answer.readable:
            # Its offsets will be given out again.
            state.epoch += 1
        state.revision += 1
        await self._around.store.commit(state, replace(current.answer.record, said=()))
        return True

    def _has_merged(self, answer: Answer) -> bool:
        """Other turns have left their texts to this one: it cannot be taken back alone."""
        return any(each.is_merged for each in self.work.unfinished() if each is not answer)

    async def settle(self) -> None:
        """Take no more actions, and return when those that were taken are over."""
        self._is_draining = True
        await self.work.settled()

    def _check_open(self) -> None:
        if self._state.ended is not None:
            raise SessionEnded(self._state.ended)
        if self.is_lost:
            raise StoreUnavailable("This session could not be saved a moment ago. Try again.")
        if self._is_draining:
            raise Draining("This server is shutting down. Connect again.")

    def _answer_to(self, record: TurnRecord, action: Action) -> Answer:
        answer = Answer(record, action)
        answer.quiet_ms = quiet_of(action, record.config, self.agent.program.settings)
        return answer

    def _apply_policy(self, post: Post) -> None:
        policy = post.config.concurrency or self.agent.program.settings.concurrency
        if policy == "reject" and self.is_busy:
            raise Busy("A turn is running and this session takes one action at a time. Wait until it has completed.")
        self.work.inbox.check_room(self._limits.waiting)
        if policy == "interrupt":
            self.interrupt()

    @property
    def _limits(self) -> Limits:
        return self.agent.program.settings.limits

    def _put_change(self, change: Change, action: dict[str, str], *, is_first: bool = False) -> Answer:
        record = record_of_change(action, self._state, self._around.clock.now_ms())
        return self.work.put(record, Answer(record, change=change), accepted=True, is_first=is_first)

    def _close(self) -> None:
        """Nothing more is heard here, where the state is lost."""
        if self.is_lost:
            self.outbox.abandon()
