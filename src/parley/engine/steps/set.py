"""The set step: variables get values, one after another; then properties of the transcript."""

from __future__ import annotations

from parley.domain.steps import Set
from parley.domain.transcript_property import PROPERTIES
from parley.engine.assigning import value_for
from parley.engine.next import Goto, Next
from parley.engine.turn import Turn


def set_variables(step: Set, turn: Turn) -> Next:
    """Carry out the assignments in order; each sees what those before it set. One that fails leaves its variable."""
    variables = turn.variables
    for assignment in step.assignments:
        variables.set(assignment.variable, value_for(assignment, turn, variables.get(assignment.variable)))
    if step.properties:
        kept = turn.state.storage.get(PROPERTIES)
        if not isinstance(kept, dict):
            kept = turn.state.storage[PROPERTIES] = {}
        for assignment in step.properties:
            kept[assignment.variable] = value_for(assignment, turn, kept.get(assignment.variable))
    return Goto(step.then)
