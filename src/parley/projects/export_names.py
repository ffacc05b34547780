"""What things are called in the exported files: the author's names, made to fit the rules for names, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.ids import StepID, WorkflowID
from parley.domain.own_workflows import is_own, playbook_workflow
from parley.domain.program import Program
from parley.domain.steps import GoTo, Step
from parley.projects.export_yaml import Quoted
from parley.projects.names import INTENT, NAME, RESERVED, VARIABLE

_LONGEST = 40


class Names:
    """Names of workflows, and labels of the steps that something leads to."""

    def __init__(self, program: Program) -> None:
        self.lost: list[str] = []
        self.used: set[tuple[WorkflowID, StepID]] = set()
        self.outside: dict[WorkflowID, set[StepID]] = {id: set() for id in program.workflows}
        """Steps that other workflows and triggers lead to."""
        self._readable = set(program.variables) | set(program.entities) | BUILTIN_VARIABLES
        self._workflows: dict[WorkflowID, str] = {}
        taken: set[str] = set(RESERVED)
        for name in program.playbooks:
            self._workflows[playbook_workflow(name)] = _free(slug(name, "playbook"), taken)
        for id, workflow in program.workflows.items():
            if is_own(id):
                continue
            self._workflows[id] = _free(slug(workflow.name or id, "workflow"), taken)
        self._labels: dict[tuple[WorkflowID, StepID], str] = {}
        self._taken = {id: set(taken) for id in program.workflows}
        self._program = program
        self.intents = unique(program.intents, "intent", INTENT)
        self._find_outside()

    def workflow(self, id: WorkflowID) -> str:
        """The name of a workflow."""
        return self._workflows[id]

    def has(self, id: WorkflowID) -> bool:
        """The workflow exists."""
        return id in self._workflows

    def label(self, workflow: WorkflowID, step: StepID) -> str:
        """The label of a step, which from now on is used."""
        self.used.add((workflow, step))
        known = self._labels.get((workflow, step))
        if known is None:
            found = self._program.workflows[workflow].steps[step]
            wanted = slug(found.name, "") or f"{_kind(found)}_1"
            known = self._labels[workflow, step] = _free(wanted, self._taken[workflow])
        return known

    def intent(self, name: str) -> str:
        """The name of an intent."""
        found = self.intents.get(name)
        if found is None:
            taken = set(self.intents.values())
            found = self.intents[name] = _free(name if INTENT.fullmatch(name) else slug(name, "intent"), taken)
        if found != name:
            self.lose(f"the intent's name '{name}': it is `{found}` here")
        return found

    def playbook(self, name: str | None) -> str:
        """The name of a playbook."""
        return self._workflows.get(playbook_workflow(name or "")) or slug(name or "", "playbook")

    def variable(self, name: str) -> str:
        """The name of a variable as it is written."""
        return declared(name)

    def is_readable(self, variable: str) -> bool:
        """Whether conditions may name it."""
        return variable in self._readable

    def lose(self, what: str, where: str = "") -> None:
        """Note something that the format has no form for."""
        told = f"{what} ({where})" if where else what
        if told not in self.lost:
            self.lost.append(told)

    def _find_outside(self) -> None:
        for id, workflow in self._program.workflows.items():
            for step in workflow.steps.values():
                if isinstance(step, GoTo) and step.workflow not in (None, id) and step.then is not None:
                    self._reached(step.workflow, step.then)
        for trigger in self._program.triggers:
            if trigger.step is not None:
                self._reached(trigger.workflow, trigger.step)

    def _reached(self, workflow: WorkflowID, step: StepID) -> None:
        if workflow in self.outside and step in self._program.workflows[workflow].steps:
            self.outside[workflow].add(step)


def slug(text: str, otherwise: str) -> str:
    """The text as a name."""
    if NAME.fullmatch(text) and not text[0].isdigit() and text[0] != "-":
        return text
    words = re.findall(r"[a-z0-9]+", text.lower())
    name = "_".join(words)[:_LONGEST].strip("_")
    return f"_{name}" if name[:1].isdigit() else name or otherwise


def unique(texts: Iterable[str], otherwise: str, form: re.Pattern[str] = NAME) -> dict[str, str]:
    """A name of its own for each text; the text itself where it has the form."""
    taken: set[str] = set()
    return {text: _free(text if form.fullmatch(text) else slug(text, otherwise), taken) for text in texts}


def declared(name: str) -> str:
    """The name of a variable or an entity; in quotes where texts cannot name it."""
    return name if VARIABLE.fullmatch(name) else Quoted(name)


def _free(wanted: str, taken: set[str]) -> str:
    name, n = wanted, 2
    stem = re.sub(r"_1$", "", wanted)
    while name in taken:
        name = f"{stem}_{n}"
        n += 1
    taken.add(name)
    return name


def _kind(step: Step) -> str:
    return {"message": "say", "speak": "say", "cards": "card", "condition": "check", "custom": "action"}.get(
        str(step.__struct_config__.tag), str(step.__struct_config__.tag)
    )
