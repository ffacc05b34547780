"""A workflow's graph as lists of steps that run top to bottom.

A step that one other step leads to is written where it belongs; one that several lead to gets a label on the
outermost list. Steps that nothing leads to are left out.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from parley.domain.ids import StepID
from parley.domain.injection import injection_event
from parley.domain.model_steps import AgentStep
from parley.domain.program import Program, Trigger, Workflow
from parley.domain.steps import Capture, Cards, Choice, Condition, CustomAction, End, GoTo, Message, Reset, Step, Target
from parley.projects.export_names import Names, declared
from parley.projects.export_steps import item_of, ways
from parley.projects.export_values import short
from parley.projects.shapes import INJECTIONS

DEEPEST = 4
BACK, END = "-> back", "-> end"
_WAITING = Choice | Capture | Cards | CustomAction | AgentStep
NOWHERE = StepID("\0nowhere")
"""After the last list there is nothing to fall through to."""


def workflow_of(workflow: Workflow, program: Program, names: Names) -> Any:
    """The workflow as the agent format writes it. Run twice: the first time finds which labels are used."""
    _Flow(workflow, program, names).written()
    return _Flow(workflow, program, names).written()


class _Flow:
    """One workflow while it is written."""

    def __init__(self, workflow: Workflow, program: Program, names: Names) -> None:
        self.workflow = workflow
        self.names = names
        self.steps = workflow.steps
        self._triggers = [t for t in program.triggers if t.workflow == workflow.id]
        self._outside = names.outside[workflow.id]
        self._written: set[StepID] = set()
        self._waiting: list[StepID] = []
        self._leading = Counter(self.resolved(target) for step in self.steps.values() for target in ways(step))

    def written(self) -> Any:
        """The list of its steps, or the mapping with its triggers and variables."""
        lists = []
        self._waiting = [id for id in self.steps if id in self._outside]
        start = self.resolved(self.workflow.start)
        if start is not None and start != self.workflow.start and isinstance(self.steps[start], _WAITING):
            # A conversation that begins with words stands at the first step: it must not seem to wait there already.
            lists.append([self.arrow(start)])
        elif start is not None:
            lists.append(self.list_from(start, NOWHERE, 0))
        while self._waiting:
            id = self._waiting.pop(0)
            if id not in self._written:
                lists.append(self.list_from(id, NOWHERE, 0))
        for id, step in self.steps.items():
            if isinstance(step, CustomAction) and step.everywhere and id not in self._written:
                lists.append(self.list_from(id, NOWHERE, 0))
        steps = [item for each in lists for item in each]
        if steps and steps[-1] == BACK:
            steps.pop()
        whole = [t for t in self._triggers if t.step is None]
        name = self.workflow.name
        if not whole and not self.workflow.variables and name in ("", self.names.workflow(self.workflow.id)):
            return steps
        head: dict[str, Any] = {"name": name} if name not in ("", self.names.workflow(self.workflow.id)) else {}
        head |= triggers(whole, self.names)
        if self.workflow.variables:
            head["variables"] = [declared(name) for name in self.workflow.variables]
        return head | {"steps": steps}

    def resolved(self, target: Target) -> Target:
        """The step that a target comes to, without the arrows and the silent steps on the way."""
        seen = set()
        while target is not None and target not in seen:
            seen.add(target)
            step = self.steps.get(target)
            if step is None:
                return None
            is_arrow = isinstance(step, GoTo) and step.workflow is None
            is_silent = isinstance(step, Message) and not step.variants
            if target in self._outside or not (is_arrow or is_silent):
                return target
            target = step.then
        return target

    def list_from(self, target: Target, after: Target, depth: int) -> list[Any]:
        """The steps from `target` on; falls off its end to `after`."""
        items: list[Any] = []
        target = self.resolved(target)
        while target != after:
            arrow = self._arrow(target, depth)
            if arrow is not None:
                items.append(arrow)
                break
            assert target is not None
            step = self.steps[target]
            self._written.add(target)
            item, target = self._item(step, after, depth)
            items.append(item)
            if isinstance(step, End | GoTo | Reset):
                break
        return items

    def path(self, target: Target, after: Target, depth: int, *, always: bool = False) -> Any:
        """Where a way on leads: None (on), an arrow, or steps in place."""
        target = self.resolved(target)
        if target == after:
            return self.arrow(target) if always else None
        if depth >= DEEPEST or self._leading[target] > 1:
            arrow = self._arrow(target, depth + 1)
            return arrow or self.arrow(target)
        steps = self.list_from(target, after, depth + 1)
        return steps[0] if len(steps) == 1 and isinstance(steps[0], str) else steps

    def merges(self, target: Target) -> bool:
        """Whether the step can be written together with the one before it."""
        return (
            target is not None
            and self._leading[target] == 1
            and target not in self._outside
            and target not in self._written
            and target != self.resolved(self.workflow.start)
        )

    def take(self, target: StepID) -> Step:
        """The step, which is being written now."""
        self._written.add(target)
        return self.steps[target]

    def _item(self, step: Step, after: Target, depth: int) -> tuple[Any, Target]:
        """The step as it is written, and what comes after it in its list."""
        item, following = item_of(step, self, lambda found: self._continuation(found, after), depth)
        head: dict[str, Any] = {}
        if (self.workflow.id, step.id) in self.names.used:
            head["label"] = self.names.label(self.workflow.id, step.id)
        head |= triggers([t for t in self._triggers if t.step == step.id], self.names)
        return head | item, following

    def _continuation(self, step: Step, after: Target) -> Target:
        """What comes after the step in its list: for steps that branch, where the branches meet again."""
        on = self.resolved(step.then)
        if not isinstance(step, Condition | Choice | Cards | CustomAction):
            return on
        landings = Counter(self._landing(target) for target in ways(step))
        meeting = [t for t, n in landings.most_common() if n > 1 and t is not None and t not in self._written]
        if not isinstance(step, Condition):
            return on
        return meeting[0] if meeting else after if landings.get(after, 0) > 1 and after != NOWHERE else on

    def _landing(self, target: Target) -> Target:
        """Where a way comes out: at a step that others lead to as well."""
        seen: set[StepID] = set()
        target = self.resolved(target)
        while target is not None and target not in seen:
            seen.add(target)
            step = self.steps[target]
            if self._leading[target] > 1 or isinstance(step, End | GoTo):
                return None if isinstance(step, End | GoTo) else target
            target = self.resolved(step.then)
        return target

    def _arrow(self, target: Target, depth: int) -> str | None:
        """The arrow to a target that is not written here; None when it is."""
        if target is None:
            return BACK
        if (outward := self._outward(target)) is not None:
            return outward
        if target in self._written or (depth > 0 and self._leading[target] > 1):
            return self.arrow(target)
        return None

    def goto(self, step: GoTo) -> str:
        """The arrow that a step to another workflow is."""
        workflow = step.workflow
        if workflow is None or not self.names.has(workflow):
            target = self.resolved(step.then)
            if workflow is not None:
                self.names.lose("a way to a workflow that does not exist", self.names.workflow(self.workflow.id))
            return BACK if target is None else self.arrow(target)
        name = self.names.workflow(workflow)
        if workflow == self.workflow.id and step.then is not None:
            return self.arrow(self.resolved(step.then))
        return f"-> {name}" if step.then is None else f"-> {name}.{self.names.label(workflow, step.then)}"

    def arrow(self, target: Target) -> str:
        """The arrow to a step of this workflow, which is written some time."""
        if target is None or target == NOWHERE:
            return BACK
        if (outward := self._outward(target)) is not None:
            return outward
        if target not in self._written:
            self._waiting.append(target)
        return f"-> {self.names.label(self.workflow.id, target)}"

    def _outward(self, target: StepID) -> str | None:
        """The arrow that stands for a whole step: to the end, or to another workflow."""
        step = self.steps[target]
        if target in self._outside:
            return None
        if isinstance(step, End):
            return END
        leaves = isinstance(step, GoTo) and step.workflow not in (None, self.workflow.id)
        return self.goto(step) if leaves and isinstance(step, GoTo) else None


def triggers(given: list[Trigger], names: Names) -> dict[str, Any]:
    """Under `trigger` or `triggers`."""
    written = [_trigger(each, names) for each in given]
    return {} if not written else {"trigger": written[0]} if len(written) == 1 else {"triggers": written}


def _trigger(trigger: Trigger, names: Names) -> Any:
    intent = None if trigger.intent is None else names.intent(trigger.intent)
    mapping: dict[str, Any] = {"intent": intent} if intent is not None else _event(trigger.event or "")
    if not trigger.everywhere:
        mapping["everywhere"] = False
    if trigger.calls:
        mapping["returns"] = True
    return intent if list(mapping) == ["intent"] else short(mapping)


def _event(name: str) -> dict[str, Any]:
    kind = next((kind for kind in INJECTIONS if injection_event(kind) == name), None)
    return {"event": name} if kind is None else {"injection": kind}
