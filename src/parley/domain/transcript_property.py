"""Properties of transcripts: what a transcript is marked with, and what one asks of the marks in a search.

Source: the stable API's OpenAPI document, `StableTranscriptProperty` and `TranscriptFilter`. Times are milliseconds
since 1970. A value is text; its property's kind says how it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from parley.domain.ids import ProjectID
from parley.domain.project import Project
from parley.domain.steps import Set

PROPERTIES = "transcriptProperties"
"""Storage of the session, what its agent set: name -> value."""
GIVEN = "transcript values"
"""Records by the id of the session, what was set over an API: id of the property -> `Given`."""

Kind = Literal["boolean", "number", "string"]
Operator = Literal[
    "gt", "gte", "lt", "lte", "eq", "neq", "between", "in", "nin", "contains", "exists", "not_exists", "json_contains"
]


class Property(Struct, frozen=True, omit_defaults=True):
    """A property of a project's transcripts. `is_default`: the agent itself sets it, and nobody else may."""

    id: str
    project: ProjectID
    name: str
    kind: Kind
    created_at: int
    updated_at: int
    is_default: bool = False


class Marked(Struct, frozen=True):
    """A property as one transcript has it."""

    property: Property
    value: str
    at: int


class Given(Struct, frozen=True):
    """A value that somebody set over an API."""

    value: str
    at: int


class Filter(Struct, frozen=True):
    """A question to the value of the property `property`; the value is of the operator's shape.

    `name` is what the agent that sets the property calls it.
    """

    property: str
    operator: Operator
    value: Any = None
    name: str = ""

    def fits(self, value: str | None) -> bool:
        """True where a transcript with this value, or none, is wanted."""
        if value is None:
            return self.operator in ("neq", "nin", "not_exists")
        match self.operator:
            case "exists" | "not_exists":
                return self.operator == "exists"
            case "eq" | "neq":
                return _same(value, self.value) is (self.operator == "eq")
            case "in" | "nin":
                return any(_same(value, each) for each in self.value) is (self.operator == "in")
            case "contains":
                return str(self.value).casefold() in value.casefold()
            case "json_contains":
                return _holds(value, self.value)
            case _:
                return self._compares(number_in(value))

    def _compares(self, value: float | None) -> bool:
        if value is None:
            return False
        match self.operator:
            case "gt":
                return bool(value > self.value)
            case "gte":
                return bool(value >= self.value)
            case "lt":
                return bool(value < self.value)
            case "lte":
                return bool(value <= self.value)
            case _:
                low, high = self.value
                return bool(low <= value <= high)


def all_fit(filters: Sequence[Filter], given: Mapping[str, Given], set_in_talk: Any) -> bool:
    """A transcript is wanted by all: `given` has values by the ids of properties, `set_in_talk` what the agent set.

    What was given stands before what the agent set.
    """
    known = set_in_talk if isinstance(set_in_talk, Mapping) else {}
    for each in filters:
        value = given[each.property].value if each.property in given else None
        if value is None and each.name in known:
            value = text_of(known[each.name])
        if not each.fits(value):
            return False
    return True


def given_in(data: bytes) -> dict[str, Given]:
    """What was given to one transcript, as its record of the kind `GIVEN` has it: by the ids of properties."""
    return _decode_given(data)


def text_of(value: Any) -> str:
    """A variable's value as the value of a property."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_decode_given = msgspec.json.Decoder(dict[str, Given]).decode


def number_in(text: str) -> float | None:
    """The number that a value is; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def set_by_agent(project: Project) -> list[str]:
    """The names of the properties that set steps of the project give values to, each once."""
    programs = [
        program
        for environment in project.environments
        for program in (environment.program, environment.draft)
        if program is not None
    ]
    steps = (step for each in programs for workflow in each.workflows.values() for step in workflow.steps.values())
    return list(dict.fromkeys(each.variable for step in steps if isinstance(step, Set) for each in step.properties))


def _same(text: str, value: Any) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        return number_in(text) == value
    return bool(text == value)


def _holds(text: str, wanted: Sequence[Mapping[str, Any]]) -> bool:
    """The text is a JSON array which for each of the wanted objects has one with all of its fields."""
    try:
        held = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return isinstance(held, list) and all(any(_covers(each, one) for each in held) for one in wanted)


def _covers(held: Any, wanted: Any) -> bool:
    if isinstance(held, dict) and isinstance(wanted, dict):
        return all(name in held and _covers(held[name], value) for name, value in wanted.items())
    return bool(held == wanted)
