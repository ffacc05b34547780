"""One workflow while it is compiled: its steps so far, and what its steps may name.

An agent is compiled twice: the first time to learn the labels, which may be used before they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct, field

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.ids import StepID, WorkflowID
from parley.domain.own_workflows import playbook_workflow
from parley.domain.program import Trigger
from parley.domain.steps import End, GoTo, Step, Target
from parley.projects.names import RESERVED
from parley.projects.nodes import Listed, Mapped, Node, Scalar, name_of
from parley.projects.problems import Mark, Problems, did_you_mean
from parley.projects.reading import template_in, text_of

ARROW = "->"


class Names(Struct):
    """What exists in the agent as a whole."""

    variables: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    workflows: dict[str, set[str]] = field(default_factory=dict)
    """By name: the variables that live in it alone."""
    labels: dict[str, dict[str, StepID]] = field(default_factory=dict)
    """By workflow: where each label is."""
    tools: set[str] = field(default_factory=set)
    playbooks: set[str] = field(default_factory=set)
    servers: set[str] = field(default_factory=set)


class Place(Struct, frozen=True):
    """Where a step stands: its id, its author's name for it, and what comes after it."""

    id: StepID
    name: str
    after: Target
    mark: Mark

    def under(self, slot: str) -> StepID:
        """The id of something inside this step."""
        return StepID(f"{self.id}.{slot}")


class Draft:
    """A workflow in the making."""

    def __init__(
        self,
        workflow: str,
        names: Names,
        problems: Problems,
        compile_list: Callable[[Draft, tuple[Node, ...], str, Target], Target],
    ) -> None:
        self.workflow = workflow
        self.names = names
        self.problems = problems
        self.steps: dict[StepID, Step] = {}
        self.marks: dict[StepID, Mark] = {}
        self.labels: dict[str, StepID] = {}
        self.triggers: list[Trigger] = []
        self._compile_list = compile_list

    def add(self, step: Step, mark: Mark | None = None) -> None:
        """One more step. Those with a mark are steps that the author wrote."""
        self.steps[step.id] = step
        if mark is not None:
            self.marks[step.id] = mark

    def path(self, node: Node | None, place: Place, slot: str) -> Target:
        """Where a way on leads: `-> target`, steps written in place, or (None, nothing) what comes after."""
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return place.after
        if isinstance(node, Scalar):
            return self.target(node)
        items = node.items if isinstance(node, Listed) else (node,)
        return self._compile_list(self, items, f"{place.id}.{slot}", place.after)

    def target(self, node: Scalar) -> Target:
        """The step that `-> name` leads to from within this workflow."""
        text = node.text.strip()
        if not text.startswith(ARROW):
            near = f"Write `-> {text}`." if text in self._targets() else "For example `-> end`, or a list of steps."
            self.problems.error(node.mark, f"`{text[:80]}` is not a target: it has no arrow", near)
            return None
        found = self.destination(text[len(ARROW) :].strip(), node.mark)
        if not isinstance(found, Destination):
            return found
        step = found.step or ""
        id = StepID(f"{self.workflow}/goto.{found.workflow}{'.' + step.partition('/')[2] if step else ''}")
        self.add(GoTo(id, name=found.name, workflow=found.workflow, then=found.step))
        return id

    def destination(self, name: str, mark: Mark) -> Target | Destination:
        """Where a name leads: a step here, back to the caller (None), or another workflow."""
        if name == "back":
            return None
        if name == "end":
            id = StepID(f"{self.workflow}/end")
            self.add(End(id))
            return id
        if name in self.known_labels:
            if name in self.names.workflows:
                advice = f"Write `-> {self.workflow}.{name}` for the label, or rename one of them."
                self.problems.warn(mark, f"`{name}` is a label here and a workflow; the label is meant", advice)
            return self.known_labels[name]
        found = destination_of(name, self.names)
        if found is None:
            advice = did_you_mean(name, self._targets())
            self.problems.error(mark, f"`-> {name[:80]}` leads nowhere: there is no such workflow or label", advice)
        elif found.workflow == self.workflow and found.step is not None:
            return found.step
        return found

    @property
    def known_labels(self) -> dict[str, StepID]:
        """The labels of the whole workflow, those further down too."""
        return self.names.labels.get(self.workflow, {})

    def _targets(self) -> set[str]:
        elsewhere = {f"{w}.{label}" for w, labels in self.names.labels.items() for label in labels}
        return {*RESERVED, *self.known_labels, *self.names.workflows, *self.names.playbooks} | elsewhere

    def variable(self, node: Node, what: str = "a variable") -> str:
        """The name of a declared variable that may be set."""
        name = text_of(node, self.problems, what)
        if name:
            self.check_variable(name, node)
        return name

    def check_variable(self, name: str, node: Node, also: Iterable[str] = ()) -> None:
        """Report a variable that does not exist, or that cannot be set."""
        if name in BUILTIN_VARIABLES:
            message = f"`{name}` is set here, which Parley sets too: what is kept in it may be lost"
            self.problems.warn(node.mark, message, "Use a variable of your own.")
        elif not self._is_known(name) and name not in also:
            near = did_you_mean(name, self._variables()) if self._variables() else ""
            advice = near if near.startswith("Did") else f"Add `{name[:40]}: ''` to `variables`."
            self.problems.error(node.mark, f"there is no variable `{name[:80]}`", advice)

    def entity(self, node: Node) -> str:
        """The name of a declared entity."""
        name = text_of(node, self.problems, "an entity")
        if name and name not in self.names.entities:
            self.problems.error(node.mark, f"there is no entity `{name[:80]}`", did_you_mean(name, self.names.entities))
        return name

    def intent(self, node: Node, name: str | None = None) -> str:
        """The name of a declared intent."""
        name = text_of(node, self.problems, "an intent") if name is None else name
        if name and name not in self.names.intents:
            self.problems.error(node.mark, f"there is no intent `{name[:80]}`", did_you_mean(name, self.names.intents))
        return name

    def template(self, node: Node, what: str) -> str:
        """A text with placeholders."""
        return template_in(node, self.problems, what, self.is_readable, self._variables)

    def is_readable(self, name: str) -> bool:
        """Whether a template may name it."""
        return name in BUILTIN_VARIABLES or self._is_known(name)

    def _is_known(self, name: str) -> bool:
        return (
            name in self.names.variables
            or name in self.names.entities
            or name in self.names.workflows.get(self.workflow, ())
        )

    def _variables(self) -> set[str]:
        return self.names.variables | self.names.entities | self.names.workflows.get(self.workflow, set())


class Destination(Struct, frozen=True):
    """Another workflow, at a step of it or at its beginning."""

    workflow: WorkflowID
    step: StepID | None
    name: str


def destination_of(name: str, names: Names) -> Destination | None:
    """Where `workflow` or `workflow.label` leads; None where there is no such thing."""
    if name in names.workflows:
        return Destination(WorkflowID(name), None, name)
    if name in names.playbooks:
        return Destination(playbook_workflow(name), None, name)
    workflow, _, label = name.partition(".")
    step = names.labels.get(workflow, {}).get(label)
    return Destination(WorkflowID(workflow), step, name) if step is not None else None


def renamed(step: Step, place: Place) -> Step:
    """The step under the id and name of another place."""
    return msgspec.structs.replace(step, id=place.id, name=place.name)


def found_in(node: Node) -> str:
    """What was found, for messages: the text itself where it is one."""
    return f"`{node.text[:60]}`" if isinstance(node, Scalar) and node.text else name_of(node)


def is_nothing(node: Node | None) -> bool:
    """Nothing is written there."""
    return node is None or (isinstance(node, Scalar) and node.is_empty)


def only_key(node: Node) -> str | None:
    """The key of a mapping that has one."""
    return next(iter(node.values)) if isinstance(node, Mapped) and len(node.values) == 1 else None
