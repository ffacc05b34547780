"""The call step: another workflow, and back."""

from __future__ import annotations

from parley.domain.steps import Call
from parley.engine.assigning import value_for
from parley.engine.next import Next, Push
from parley.engine.turn import Turn


def call_workflow(step: Call, turn: Turn) -> Next:
    """Run the workflow in a frame of its own, with its inputs."""
    inputs = {assignment.variable: value_for(assignment, turn) for assignment in step.inputs}
    return Push(step.workflow, then=step.then, inputs=inputs, outputs=step.outputs)
