"""Calls of a model that wait for a workflow to be over: kept in the frame's storage, so across turns and restarts.

The workflow may wait for the user, be left for another one, or never come back: then the call was interrupted.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.ids import StepID
from parley.engine.memory import Use
from parley.engine.stack import RETURNED
from parley.engine.stored import stored
from parley.engine.tools.outcome import bounded, result_of
from parley.engine.turn import Turn
from parley.ports.llm import ToolCall

PENDING = "calls"
OVER = "It is over."
INTERRUPTED = "It was interrupted, and nobody knows how far it came."


class Pending(Struct, frozen=True):
    """The calls of one answer: those that are over, the one whose workflow is run, and those still to come."""

    step: StepID
    owner: str
    done: tuple[Use, ...] = ()
    current: Use | None = None
    waiting: tuple[Use, ...] = ()


def keep(pending: Pending, turn: Turn) -> None:
    """Remember them until the workflow is over."""
    turn.frame.storage.pop(RETURNED, None)
    turn.frame.storage[PENDING] = {
        "step": pending.step,
        "owner": pending.owner,
        "done": [_written(use) for use in pending.done],
        "current": None if pending.current is None else _written(pending.current),
        "waiting": [_written(use) for use in pending.waiting],
    }


def is_pending(step: StepID, turn: Turn) -> bool:
    """Whether this step has calls that wait."""
    found = stored(turn.frame.storage, PENDING, Pending)
    return found is not None and found.step == step


def resume(step: StepID, turn: Turn) -> Pending | None:
    """The calls, with the result of the one whose workflow is over; None where this step waits for none."""
    storage = turn.frame.storage
    found, values = stored(storage, PENDING, Pending), stored(storage, RETURNED, dict[str, Any])
    storage.pop(PENDING, None)
    storage.pop(RETURNED, None)
    if found is None or found.step != step:
        return None
    if found.current is None:
        return found
    result = INTERRUPTED if values is None else bounded(result_of(values)) if values else OVER
    done = Use(found.current.id, found.current.name, found.current.arguments, result, values is None)
    return Pending(found.step, found.owner, (*found.done, done), None, found.waiting)


def settle(step: StepID, turn: Turn) -> None:
    """Remember the results of calls that are over, without going on from them."""
    found = resume(step, turn)
    if found is not None:
        turn.variables.memory.used(found.owner, list(found.done))


def call_of(use: Use) -> ToolCall:
    """The call as the model made it."""
    return ToolCall(use.id, use.name, use.arguments)


def _written(use: Use) -> dict[str, Any]:
    return {name: getattr(use, name) for name in Use.__struct_fields__}
