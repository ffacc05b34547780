"""What a step may see and do while one action is being answered."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from parley.domain.actions import Action
from parley.domain.ids import MessageID, StepID, TurnID, nth_id
from parley.domain.program import Program
from parley.domain.state import Frame, SessionState
from parley.domain.steps import Step
from parley.domain.traces import NodeRef, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.variables import Variables
from parley.errors import LimitCrossed

if TYPE_CHECKING:
    from parley.engine.agent import Agent

Emit = Callable[[Trace], None]


class Turn:
    """One action and everything it causes.

    A turn that is run again (after a crash) names its messages and chooses its variants as it did before: both
    come from the turn's id.
    """

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
    ) -> None:
        self.agent = agent
        self.program: Program = agent.program
        self.state = state
        self.id = id
        self.now_ms = now_ms
        self.config = config
        self.emit = emit
        """Show or tell the client something. Never waits."""
        self.action = action
        """The action being answered, taken or not."""
        self.variables = Variables(state, now_ms, agent.program.settings.timezone)
        self.finished = False
        self._taken = False
        self._messages = 0
        self._steps = 0
        self._random: Random | None = None

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

    def ref(self, step: Step) -> NodeRef:
        """Where a debug trace about this step comes from."""
        workflow = self.program.workflows[self.frame.workflow]
        return NodeRef(
            node_id=step.id,
            node_type=str(step.__struct_config__.tag),
            diagram_id=workflow.id,
            diagram_name=workflow.name,
        )

    def at(self, step: StepID | None) -> Step | None:
        """A step of the workflow on top, None where the workflow has no such step."""
        workflow = self.program.workflows.get(self.frame.workflow)
        return None if step is None or workflow is None else workflow.steps.get(step)
