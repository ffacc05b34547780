"""Circles that an export may contain: of steps that do nothing, and of workflows that run each other."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.ids import StepID, WorkflowID
from parley.domain.program import Workflow
from parley.domain.steps import Call, GoTo, Step


def cut_empty_loops(steps: dict[StepID, Step]) -> list[StepID]:
    """End the workflow where steps that only go on lead back to themselves. Changes `steps`; answers where it cut."""
    cut: list[StepID] = []
    harmless: set[StepID] = set()
    for first in list(steps):
        path: list[StepID] = []
        here: StepID | None = first
        while here is not None and here not in harmless and here not in path:
            path.append(here)
            here = _only_goes_on(steps.get(here))
        if here is not None and here in path:
            last = steps[path[-1]]
            steps[path[-1]] = replace(last, then=None)
            cut.append(path[-1])
        harmless.update(path)
    return cut


def find_recursion(workflows: dict[WorkflowID, Workflow]) -> list[list[str]]:
    """Workflows that run themselves, directly or through others: one circle for each, by name."""
    calls = {
        id: [step.workflow for step in workflow.steps.values() if isinstance(step, Call)]
        for id, workflow in workflows.items()
    }
    found: list[list[str]] = []
    done: set[WorkflowID] = set()
    for first in workflows:
        path: list[WorkflowID] = []
        rest = [iter([first])]
        while rest:
            id = next(rest[-1], None)
            if id is None:
                rest.pop()
                done.update(path[-1:])
                path = path[:-1]
            elif id in path:
                found.append([workflows[each].name for each in [*path[path.index(id) :], id]])
            elif id in workflows and id not in done:
                path.append(id)
                rest.append(iter(calls[id]))
    return found


def _only_goes_on(step: Step | None) -> StepID | None:
    return step.then if isinstance(step, GoTo) and step.workflow is None else None
