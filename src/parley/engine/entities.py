"""What users mention: the entities of an agent, found in texts. Knows no turn.

An entity is a list of values, a regular expression, or one of the builtins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from parley.domain.program import Entity
from parley.engine.builtin_entities import BUILTINS, LOADERS
from parley.engine.listed import Listed
from parley.engine.moment import Moment
from parley.engine.patterned import Patterned
from parley.engine.words import LONGEST

ANYTHING = "text"
"""The builtin that every text is."""


class Kind(Protocol):
    """How one entity is recognised. None where it is not there."""

    def whole(self, text: str, moment: Moment) -> Any:
        """The value of a reply that was asked for."""

    def find(self, text: str, moment: Moment) -> Any:
        """The value that a text mentions."""


class Builtin:
    """One of the builtins."""

    def __init__(self, kind: str) -> None:
        self.whole, self.find = BUILTINS.get(builtin_name(kind), BUILTINS[ANYTHING])


class Entities:
    """All entities of an agent."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._kinds: dict[str, Kind] = {name: _kind(entity) for name, entity in entities.items()}
        self._open = {
            name for name, entity in entities.items() if not (entity.values or entity.pattern) and _is_open(entity)
        }

        self._loaders = {LOADERS[kind] for kind in map(_builtin_of, entities.values()) if kind in LOADERS}

    def load(self) -> None:
        """Load what these entities are read with, so that no turn waits for it. Takes up to half a second."""
        for load in self._loaders:
            load()

    def whole(self, name: str, text: str, moment: Moment) -> Any:
        """The value of a text that is said to be this entity; None when it is not."""
        return self._read(name, text, moment, asked=True)

    def find(self, name: str, text: str, moment: Moment) -> Any:
        """The value that a text mentions; None when it does not."""
        return self._read(name, text, moment, asked=False)

    def is_open(self, name: str) -> bool:
        """Whether any text at all is one: nothing follows from having found it."""
        return name in self._open or name not in self._kinds

    def _read(self, name: str, text: str, moment: Moment, *, asked: bool) -> Any:
        kind = self._kinds.get(name)
        if kind is None:
            return (text.strip() or None) if asked else None
        text = text if self.is_open(name) else text[:LONGEST]
        if not asked:
            return kind.find(text, moment)
        value = kind.whole(text, moment)
        return kind.find(text, moment) if value is None else value


def _builtin_of(entity: Entity) -> str | None:
    return None if entity.values or entity.pattern is not None else builtin_name(entity.builtin or ANYTHING)


def builtin_name(kind: str) -> str:
    """`VF.NUMBER`, `Number` and `number` are the same."""
    return kind.lower().removeprefix("vf.")


def _is_open(entity: Entity) -> bool:
    name = builtin_name(entity.builtin or ANYTHING)
    return name == ANYTHING or name not in BUILTINS


def _kind(entity: Entity) -> Kind:
    if entity.values:
        return Listed(entity.values)
    if entity.pattern is not None:
        return Patterned(entity.pattern)
    return Builtin(entity.builtin or ANYTHING)
