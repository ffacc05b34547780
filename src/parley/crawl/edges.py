"""Where a step may lead, read off the step itself, so that a new kind of step needs nothing here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from parley.domain.ids import StepID, WorkflowID
from parley.domain.own_workflows import playbook_workflow
from parley.domain.program import Program, Workflow
from parley.domain.steps import Call, GoTo, Step
from parley.domain.tools import WorkflowTool

Place = tuple[WorkflowID, StepID]
"""A step of the program. Ids of steps are unique in their workflow only."""


def places_of(program: Program) -> list[Place]:
    """Every step, in the order of the program."""
    return [(workflow.id, step) for workflow in program.workflows.values() for step in workflow.steps]


def targets_of(step: Step, workflow: Workflow, program: Program) -> set[Place]:
    """The steps that may come after this one. What a call comes back to is among them."""
    found: set[Place] = set()
    other = program.workflows.get(getattr(step, "workflow", None) or WorkflowID(""))
    if other is not None:
        first = step.then if isinstance(step, GoTo) and step.then is not None else other.start
        if first is not None:
            found.add((other.id, first))
        if not isinstance(step, Call):
            return found
    for name in step.__struct_fields__:
        if name not in ("id", "name"):
            found |= {(workflow.id, StepID(id)) for id in _texts(getattr(step, name), 0) if id in workflow.steps}
    return found


def entries_of(program: Program) -> set[Place]:
    """The steps at which conversations, triggers, and what models may go to begin."""
    found: set[Place] = set()
    begins = [(program.start, None), *((trigger.workflow, trigger.step) for trigger in program.triggers)]
    begins += [(workflow, None) for workflow in _offered(program)]
    for name, step in begins:
        workflow = program.workflows.get(name)
        first = None if workflow is None else step or workflow.start
        if first is not None:
            found.add((name, first))
    return found


def _offered(program: Program) -> Iterator[WorkflowID]:
    """The workflows that a router may go to, and those that are tools."""
    router = program.router
    if router is not None and router.first is not None:
        yield router.first
    for route in () if router is None else router.routes:
        if route.workflow is not None:
            yield route.workflow
        elif route.playbook is not None:
            yield playbook_workflow(route.playbook)
    yield from (tool.workflow for tool in program.tools.values() if isinstance(tool, WorkflowTool))


def reachable(program: Program) -> set[Place]:
    """The steps to which some way leads from an entry, whether or not anybody ever takes it."""
    found: set[Place] = set()
    rest = list(entries_of(program))
    while rest:
        place = rest.pop()
        workflow = program.workflows[place[0]]
        if place not in found and place[1] in workflow.steps:
            found.add(place)
            rest += targets_of(workflow.steps[place[1]], workflow, program)
    return found


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > 12:
        return
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), depth + 1)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item, depth + 1)
