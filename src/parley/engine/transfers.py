"""What functions wait for: the actions that a waiting function step takes, and those that it goes on listening for.

Source: Conversations API, section 8 (Function: `next.listen`, `next.to`, `next.defaultTo`).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.actions import Action, Launch, NoReply, Text
from parley.domain.ids import StepID, WorkflowID
from parley.domain.steps import Function, Step
from parley.engine.queries import matches
from parley.engine.stored import stored
from parley.engine.turn import Turn

WAITING = "function"
"""Storage of a frame: what its function step waits for."""
LISTENING = "functionEvents"
"""Storage of the session: what functions listen for from now on."""
MOST = 20


class Transfer(Struct, frozen=True):
    """An action that `on` asks for takes the path `dest`."""

    on: dict[str, Any]
    dest: str


class Waiting(Struct, frozen=True, omit_defaults=True):
    """What a function step waits for, and the path that everything else takes."""

    step: StepID
    to: tuple[Transfer, ...] = ()
    default: str | None = None


class Registered(Struct, frozen=True):
    """What a function step listens for from wherever the conversation is."""

    workflow: WorkflowID
    step: StepID
    to: tuple[Transfer, ...] = ()


def waiting_at(step: Step | None, turn: Turn) -> Waiting | None:
    """What the step waits for, if it is a function step that does."""
    if not isinstance(step, Function):
        return None
    waiting = stored(turn.frame.storage, WAITING, Waiting)
    return waiting if waiting is not None and waiting.step == step.id else None


def path_for(transfers: tuple[Transfer, ...], action: Action) -> str | None:
    """The path of the first transfer that asks for this action."""
    document = {"event": action.wire}
    return next((each.dest for each in transfers if matches(each.on, document)), None)


def register(registered: Registered, turn: Turn) -> None:
    """Listen from now on; a step that is run again listens for what it says then."""
    others = [each for each in _registered(turn) if each.step != registered.step]
    kept = [*others, registered][-MOST:]
    turn.state.storage[LISTENING] = [
        {
            "workflow": each.workflow,
            "step": each.step,
            "to": [{"on": transfer.on, "dest": transfer.dest} for transfer in each.to],
        }
        for each in kept
    ]


def heard(turn: Turn) -> tuple[Registered, str] | None:
    """The newest registration that asks for the turn's action, and its path.

    What users say, their silence and a launch go to whoever waits.
    """
    if isinstance(turn.action, Text | NoReply | Launch):
        return None
    for registered in reversed(_registered(turn)):
        path = path_for(registered.to, turn.action)
        if path is not None:
            return registered, path
    return None


def _registered(turn: Turn) -> list[Registered]:
    return stored(turn.state.storage, LISTENING, list[Registered]) or []
