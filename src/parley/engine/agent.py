"""A program with all that is derived from it once: what sessions on one version share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from parley.domain.ids import VersionID
from parley.domain.program import Program, Trigger
from parley.engine.understanding import Understanding


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


def _by(triggers: tuple[Trigger, ...], name: Callable[[Trigger], str | None]) -> dict[str, tuple[Trigger, ...]]:
    found: dict[str, tuple[Trigger, ...]] = {}
    for trigger in triggers:
        key = name(trigger)
        if key is not None:
            found[key] = (*found.get(key, ()), trigger)
    return found
