"""A step's whole answer: where the conversation goes from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from parley.domain.actions import Action
from parley.domain.ids import StepID, WorkflowID
from parley.domain.prompt import Prompt


class Goto(Struct, frozen=True):
    """Go on at `step` of this workflow; None: this workflow is over."""

    step: StepID | None


class Jump(Struct, frozen=True):
    """Leave for `workflow`, at `step` (None: its beginning), for good."""

    workflow: WorkflowID
    step: StepID | None = None


class Push(Struct, frozen=True):
    """Run `workflow` on top of this one, which then goes on at `then`.

    `inputs` are variables of the new frame; `outputs` are copied back at its end (caller's name: callee's name).
    `interrupts`: the step that was waiting is asked again afterwards, with what was last said before it. `result`:
    variables whose values the step `then` finds in its frame's storage afterwards, None: it wants to know nothing.
    """

    workflow: WorkflowID
    then: StepID | None
    step: StepID | None = None
    inputs: Mapping[str, Any] = {}
    outputs: Mapping[str, str] = {}
    interrupts: bool = False
    result: tuple[str, ...] | None = None


class Wait(Struct, frozen=True):
    """Stay at this step until the next action."""


class Finish(Struct, frozen=True):
    """The conversation is over."""


class Restart(Struct, frozen=True):
    """Leave everything and begin again where the conversation began."""


class Delegate(Struct, frozen=True):
    """Answer this action as if the user had sent it; the step itself gets it when nobody else takes it."""

    action: Action


class Improvise(Struct, frozen=True):
    """Have a model answer the prompt; `then` goes on from there, told whether it said something."""

    prompt: Prompt
    then: Callable[[bool], Next]


Next = Goto | Jump | Push | Wait | Finish | Restart | Delegate | Improvise

WAIT = Wait()
FINISH = Finish()
RESTART = Restart()
