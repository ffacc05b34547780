"""The agent asks for a person: who it was that wanted one is told from what called the step that does."""

from __future__ import annotations

from parley.domain.operator import Handover
from parley.domain.own_workflows import is_own
from parley.engine.turn import Turn


def ask_for_a_person(message: str, turn: Turn) -> None:
    """Somebody is wanted. Where a playbook or the agent's router has called what asks, a model has decided it."""
    is_chosen = any(is_own(frame.workflow) for frame in turn.state.stack)
    turn.handed_over = Handover(message, "ai" if is_chosen else "caller")


def go_on_alone(turn: Turn) -> None:
    """Nobody is wanted any more."""
    turn.handed_over = Handover(is_over=True)
