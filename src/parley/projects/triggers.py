"""What starts workflows from elsewhere: intents and project events."""

from __future__ import annotations

from collections.abc import Iterator

from parley.domain.ids import StepID, WorkflowID
from parley.domain.injection import injection_event
from parley.domain.program import Trigger
from parley.projects.draft import Draft
from parley.projects.nodes import Mapped, Node, Scalar
from parley.projects.problems import did_you_mean
from parley.projects.reading import boolean, items_of, one_of, shaped, text_of
from parley.projects.shapes import INJECTIONS, TRIGGER


def triggers_of(node: Mapped, step: StepID | None, draft: Draft) -> Iterator[Trigger]:
    """The triggers that a workflow or a step has, under `trigger` and `triggers`."""
    one, several = node.get("trigger"), node.get("triggers")
    items = () if several is None else items_of(several, draft.problems, "`triggers`")
    for item in items if one is None else (one, *items):
        trigger = _trigger(item, step, draft)
        if trigger is not None:
            yield trigger


def _trigger(node: Node, step: StepID | None, draft: Draft) -> Trigger | None:
    workflow = WorkflowID(draft.workflow)
    if isinstance(node, Scalar):
        return Trigger(workflow, step, intent=draft.intent(node))
    mapping = shaped(node, TRIGGER, draft.problems, "a trigger")
    if mapping is None:
        return None
    intent, event, everywhere, returns = (mapping.get(key) for key in ("intent", "event", "everywhere", "returns"))
    injection = mapping.get("injection")
    if sum(each is not None for each in (intent, event, injection)) != 1:
        problem = "a trigger needs one of `intent`, `event` and `injection`"
        draft.problems.error(node.mark, problem, TRIGGER.advice)
        return None
    name = None if event is None else _event(event, draft)
    if injection is not None:
        name = injection_event(one_of(injection, draft.problems, "`injection`", INJECTIONS))
    return Trigger(
        workflow,
        step,
        intent=None if intent is None else draft.intent(intent),
        event=name,
        everywhere=True if everywhere is None else boolean(everywhere, draft.problems, "`everywhere`"),
        calls=returns is not None and boolean(returns, draft.problems, "`returns`"),
    )


def _event(node: Node, draft: Draft) -> str:
    name = text_of(node, draft.problems, "an event")
    events = draft.names.events
    if name and events and name not in events:
        near = did_you_mean(name, events)
        if near.startswith("Did"):
            draft.problems.warn(node.mark, f"the event `{name[:80]}` is not among `events`", near)
    return name
