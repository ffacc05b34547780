"""What a step may see and do while one action is being answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from parley.domain.actions import Action
from parley.domain.channel_traces import CompletionTrace
from parley.domain.ids import MessageID, StepID, TurnID, nth_id
from parley.domain.injection import Injection
from parley.domain.operator import Handover
from parley.domain.program import Program
from parley.domain.redaction import Redaction
from parley.domain.state import Frame, SessionState
from parley.domain.steps import Step
from parley.domain.traces import DebugTrace, NodeRef, Ref, SpeakTrace, TextTrace, ToolRef, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.logs import log_of_debug
from parley.engine.redacting import redacted
from parley.engine.spending import Spent
from parley.engine.variables import Variables
from parley.engine.world import NOWHERE, World
from parley.errors import LimitCrossed

if TYPE_CHECKING:
    from parley.engine.agent import Agent

Emit = Callable[[Trace], None]
Durable = Callable[[], Awaitable[None]]


async def _durable() -> None:
    """Nothing is kept of a turn that runs alone."""


def _nothing() -> Sequence[Injection]:
    """Nothing is put into a turn that runs alone."""
    return ()


class Turn:
    """One action and everything it causes.

    A turn that is run again (after a crash) names its messages and chooses its variants as it did before: both
    come from the turn's id.
    """

    step: Step | None = None
    """The step that is being run, None before the first."""
    redaction: Redaction | None = None
    """What hides the secrets that the turn has got to know; None where it knows none."""
    handed_over: Handover | None = None
    """That the agent has handed over to a person in this turn, or goes on without one."""
    is_hushed = False
    """Somebody else's words stand for what the agent would say in this turn: it says nothing, and remembers nothing."""
    finished = False
    """The conversation is over."""
    end_reason = "end_of_diagram"
    """Why it is over, where it is (decisions, "Session end")."""

    def __init__(
        self,
        agent: Agent,
        state: SessionState,
        action: Action,
        *,
        id: TurnID,
        now_ms: int,
        emit: Emit,
        config: TurnConfig,
        world: World = NOWHERE,
        durable: Durable = _durable,
    ) -> None:
        self.agent = agent
        self.program: Program = agent.program
        self.state = state
        self.id = id
        self.now_ms = now_ms
        self.config = config
        self._emit = emit
        self.action = action
        """The action being answered, taken or not."""
        self.world = world
        self.durable = durable
        """Return once the action would survive a crash. Raises `StoreUnavailable`."""
        self.variables = Variables(state, now_ms, agent.program.settings.timezone, agent.memory_span)
        self.spent = Spent()
        """What models have taken in this turn."""
        self.injected: Callable[[], Sequence[Injection]] = _nothing
        """What has been put into the conversation since this was last called."""
        self.folded: list[Injection] = []
        """The injections that this turn knows."""
        self._taken = False
        self._messages = 0
        self._steps = 0
        self._random: Random | None = None
        self._effects: dict[StepID, int] = {}

    def secret(self, name: str) -> str | None:
        """The value of a secret, which from here on is hidden in all that the turn keeps and tells."""
        value = self.world.secrets(name)
        if value is not None:
            if self.redaction is None:
                self.redaction = Redaction()
                self.variables.hide = self.redaction.json
            self.redaction.hide(name, value)
        return value

    def emit(self, trace: Trace) -> None:
        """Show or tell the client something. Never waits.

        A debug trace says which step it is about, and is a log too where the client asked for logs.
        """
        if self.redaction is not None:
            trace = redacted(trace, self.redaction)
        if not isinstance(trace, DebugTrace):
            self._emit(trace)
            return
        payload = trace.payload
        if self.state.stack:
            payload = replace(payload, ref=self._placed(payload.ref))
        self._emit(DebugTrace(payload))
        if self.config.logs is not None:
            log = log_of_debug(payload, self.config.logs, self.now_ms)
            if log is not None:
                self._emit(log)

    def hush(self) -> None:
        """From here on the agent's words reach nobody; all else that it shows does."""
        self.is_hushed = True
        emit = self._emit
        self._emit = lambda trace: None if isinstance(trace, TextTrace | SpeakTrace | CompletionTrace) else emit(trace)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """What is emitted within reaches nobody: for who only tries something."""
        emit, self._emit = self._emit, lambda trace: None
        try:
            yield
        finally:
            self._emit = emit

    def take(self) -> Action | None:
        """The action, once: whoever takes it answers it. None when it has been taken."""
        if self._taken:
            return None
        self._taken = True
        return self.action

    def replace(self, action: Action) -> None:
        """The action turned out to mean something else: this is what steps get from here on."""
        self.action = action
        self._taken = False

    @property
    def frame(self) -> Frame:
        """The frame on top of the stack."""
        return self.state.stack[-1]

    def message_id(self) -> MessageID:
        """A fresh id for a message, the same when the turn is run again."""
        self._messages += 1
        return MessageID(nth_id(self.id, self._messages))

    def effect(self, step: StepID) -> str:
        """A fresh name for something that this step does to the world, the same when the turn is run again."""
        self._effects[step] = self._effects.get(step, 0) + 1
        return f"{self.id}:{step}:{self._effects[step]}"

    @property
    def has_effects(self) -> bool:
        """Something was done to the world."""
        return bool(self._effects)

    @property
    def random(self) -> Random:
        """Chance that falls the same when the turn is run again."""
        if self._random is None:
            self._random = Random(self.id)
        return self._random

    def count_step(self) -> None:
        """Called before each step. Raises `LimitCrossed`."""
        self._steps += 1
        if self._steps > self.program.settings.limits.steps:
            raise LimitCrossed(
                "steps",
                f"turn stopped after {self.program.settings.limits.steps} steps (limit `steps`): "
                "check for a loop without a step that waits",
            )

    def _placed(self, ref: Ref | UnsetType) -> Ref | UnsetType:
        """What a debug trace is about, with the step at which it is."""
        if isinstance(ref, ToolRef):
            step = self.frame.step if self.step is None else self.step.id
            return replace(ref, node_id=step or "", diagram_id=self.frame.workflow)
        return self.ref(self.step) if ref is UNSET and self.step is not None else ref

    def ref(self, step: Step) -> NodeRef:
        """Where a debug trace about this step comes from."""
        workflow = self.program.workflows.get(self.frame.workflow)
        return NodeRef(
            node_id=step.id,
            node_type=str(step.__struct_config__.tag),
            diagram_id=self.frame.workflow,
            diagram_name=UNSET if workflow is None else workflow.name,
        )

    def at(self, step: StepID | None) -> Step | None:
        """A step of the workflow on top, None where the workflow has no such step."""
        workflow = self.program.workflows.get(self.frame.workflow)
        return None if step is None or workflow is None else workflow.steps.get(step)
