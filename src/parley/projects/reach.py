"""Which steps can be reached: what cannot is probably a mistake, and its author is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parley.domain.ids import StepID, WorkflowID
from parley.domain.model_steps import AgentStep, Crew
from parley.domain.program import Trigger, Workflow
from parley.domain.steps import (
    Call,
    Capture,
    Cards,
    Choice,
    Condition,
    CustomAction,
    GoTo,
    Listening,
    Random,
    Step,
    Target,
)
from parley.domain.ways import side_ways
from parley.projects.draft import Draft
from parley.projects.problems import Mark, Problems

Entry = tuple[WorkflowID, StepID | None]


def warn_of_unreachable(
    drafts: Mapping[str, Draft],
    workflows: Mapping[WorkflowID, Workflow],
    start: str,
    triggers: tuple[Trigger, ...],
    marks: Mapping[str, Mark],
    problems: Problems,
) -> None:
    """Report workflows that nothing leads to, and in the others the steps that nothing leads to."""
    reached = _reached(workflows, [(WorkflowID(start), None), *((t.workflow, t.step) for t in triggers)])
    for name, draft in drafts.items():
        written = [id for id in draft.marks if id in draft.steps]
        lost = [id for id in written if id not in reached]
        if written and len(lost) == len(written):
            problems.warn(
                marks[name], f"nothing leads to the workflow `{name}`", "Go to it, call it, or give it a trigger."
            )
            continue
        behind = {target for id in lost for target in _local(draft.steps[id])}
        with problems.inside(f"workflow {name}"):
            for id in [id for id in lost if id not in behind] or lost[:1]:
                message = f"step {id.partition('/')[2]} can never be reached"
                problems.warn(draft.marks[id], message, "Delete it, or give it a `label` and go there.")


def _reached(workflows: Mapping[WorkflowID, Workflow], entries: list[Entry]) -> set[StepID]:
    reached: set[StepID] = set()
    waiting = list(entries)
    while waiting:
        name, id = waiting.pop()
        workflow = workflows.get(name)
        if workflow is None:
            continue
        id = workflow.start if id is None else id
        if id is None or id in reached or id not in workflow.steps:
            continue
        reached.add(id)
        waiting += _next(name, workflow.steps[id])
    return reached


def _next(workflow: WorkflowID, step: Step) -> Iterator[Entry]:
    if isinstance(step, GoTo) and step.workflow is not None:
        yield step.workflow, step.then
        return
    if isinstance(step, Call):
        yield step.workflow, None
    for target in _local(step):
        yield workflow, target


def _local(step: Step) -> Iterator[StepID]:
    """The steps of the same workflow that this one may lead to."""
    if isinstance(step, GoTo) and step.workflow is not None:
        return
    yield from (target for target in _targets(step) if target is not None)


def _targets(step: Step) -> Iterator[Target]:
    if not isinstance(step, Choice | Random) or (
        isinstance(step, Choice) and any(not option.has_path for option in step.options)
    ):
        yield step.then
    yield from side_ways(step)
    if isinstance(step, Choice | Capture | Cards | AgentStep | Crew):
        yield from _listening(step.listening)
    if isinstance(step, Choice):
        yield from (option.then for option in step.options)
    if isinstance(step, Cards):
        yield from (option.then for card in step.cards for option in card.buttons)
    if isinstance(step, Condition):
        yield from (branch.then for branch in step.branches)
    if isinstance(step, CustomAction):
        yield from (path.then for path in step.paths)


def _listening(listening: Listening) -> Iterator[Target]:
    yield listening.no_match.then
    if listening.no_reply is not None:
        yield listening.no_reply.then
