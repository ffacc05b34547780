"""A program with all that is derived from it once: what sessions on one version share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from msgspec import Struct

from parley.domain.acting_intents import acting_intents
from parley.domain.ids import VersionID, WorkflowID
from parley.domain.model_steps import AgentStep, Crew, Prompted, PromptedSet, Routing
from parley.domain.program import Program, Trigger
from parley.domain.steps import Cards, CustomAction, Target
from parley.engine.memory import SHORT, Span
from parley.engine.options import options_of, path_of
from parley.engine.understanding import Understanding


class LeftPath(Struct, frozen=True):
    """Where an action leads that no step waits for any more: to `then` in `workflow`, while that is on the stack."""

    workflow: WorkflowID
    then: Target


class Agent:
    """One version, ready to run. Immutable: what is derived is derived on first use."""

    def __init__(self, version: VersionID, program: Program) -> None:
        self.version = version
        self.program = program

    @cached_property
    def understanding(self) -> Understanding:
        """What users may mean, indexed."""
        return Understanding(self.program.intents, self.program.entities)

    @cached_property
    def intent_triggers(self) -> dict[str, tuple[Trigger, ...]]:
        """The triggers by the intent that they listen for."""
        return _by(self.program.triggers, lambda t: t.intent)

    @cached_property
    def event_triggers(self) -> dict[str, tuple[Trigger, ...]]:
        """The triggers by the event that they listen for."""
        return _by(self.program.triggers, lambda t: t.event)

    @cached_property
    def intents_everywhere(self) -> frozenset[str]:
        """The intents that lead somewhere wherever the conversation stands: by a trigger, or of themselves."""
        triggered = (t.intent for t in self.program.triggers if t.intent is not None and t.everywhere)
        return acting_intents(self.program).union(triggered)

    @cached_property
    def local_intents(self) -> dict[WorkflowID, frozenset[str]]:
        """The intents that triggers listen for only while their workflow is on the stack, by workflow."""
        found: dict[WorkflowID, frozenset[str]] = {}
        for trigger in self.program.triggers:
            if trigger.intent is not None and not trigger.everywhere:
                found[trigger.workflow] = found.get(trigger.workflow, frozenset()) | {trigger.intent}
        return found

    @cached_property
    def memory_span(self) -> Span:
        """How much is remembered: for agents whose models are told of it, as much as their authors want."""
        steps = (step for workflow in self.program.workflows.values() for step in workflow.steps.values())
        if not any(isinstance(step, Crew | AgentStep | Routing | Prompted | PromptedSet) for step in steps):
            return SHORT
        memory = self.program.settings.memory
        return Span(memory.turns, memory.turns // 5 if memory.summary else 0)

    @cached_property
    def left_paths(self) -> dict[str, tuple[LeftPath, ...]]:
        """The ways that stay open, by action type: buttons of cards shown before, paths of actions heard everywhere."""
        found: dict[str, tuple[LeftPath, ...]] = {}
        for workflow in self.program.workflows.values():
            for step in workflow.steps.values():
                if isinstance(step, Cards) and not step.waits:
                    for option in options_of(step):
                        path = LeftPath(workflow.id, option.then if option.has_path else step.then)
                        found[path_of(option)] = (*found.get(path_of(option), ()), path)
                if isinstance(step, CustomAction) and step.everywhere:
                    for way in step.paths:
                        found[way.label] = (*found.get(way.label, ()), LeftPath(workflow.id, way.then))
        return found


def _by(triggers: tuple[Trigger, ...], name: Callable[[Trigger], str | None]) -> dict[str, tuple[Trigger, ...]]:
    found: dict[str, tuple[Trigger, ...]] = {}
    for trigger in triggers:
        key = name(trigger)
        if key is not None:
            found[key] = (*found.get(key, ()), trigger)
    return found
