"""Transcripts of the stable API: searches as clients send them, and what they are answered with.

Source: the stable API's OpenAPI document, `StableTranscriptSearchRequest`, `StableTranscriptWithLogsResponse`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from parley.domain.actions import OWN
from parley.domain.project import Project
from parley.domain.state import SessionState
from parley.domain.transcript import Ended, Traced, TurnRecord, is_told_again
from parley.domain.transcript_property import Filter, Marked, Operator, Property
from parley.errors import InvalidInput
from parley.ports.conversations import Wanted
from parley.session.archive import Asked, Found
from parley.transports.http.json_body import decode, whole
from parley.transports.http.stable_access import environment_named
from parley.transports.http.stable_times import day, moment, read_moment

MOST_TAKEN = 100
MOST_FILTERS = 20
LARGEST_SKIP = 2**53 - 1


class FilterBody(Struct):
    """One question to a property."""

    id: str
    op: Operator
    value: Any | UnsetType = UNSET


class SearchBody(Struct, forbid_unknown_fields=True):
    """Which transcripts."""

    take: int | float = 20
    skip: int | float = 0
    end: str | None = field(name="endDate", default=None)
    start: str | None = field(name="startDate", default=None)
    version: Literal["draft", "published"] | None = None
    filters: list[FilterBody] = []
    session: str | None = field(name="sessionID", default=None)
    environment: str | None = field(name="environmentAlias", default=None)
    user: str | None = field(name="userID", default=None)


_decode = msgspec.json.Decoder(SearchBody).decode


def search_in(body: bytes, project: Project) -> Asked:
    """The search that a body asks for. Raises `InvalidInput`, `MalformedJson`, `Refused`."""
    asked = decode(_decode, body or b"{}")
    if not 1 <= asked.take <= MOST_TAKEN:
        raise InvalidInput.at("take", f"number from 1 to {MOST_TAKEN}")
    if not 0 <= asked.skip <= LARGEST_SKIP:
        raise InvalidInput.at("skip", "number from 0 up")
    if len(asked.filters) > MOST_FILTERS:
        raise InvalidInput.at("filters", f"at most {MOST_FILTERS} filters")
    alias = None if asked.environment is None else environment_named(asked.environment, project).alias
    if alias is None and asked.version is not None:
        alias = project.environments[0].alias
    wanted = Wanted(
        (project.id,),
        environment=alias,
        is_draft=None if asked.version is None else asked.version == "draft",
        since=read_moment("startDate", asked.start),
        until=read_moment("endDate", asked.end),
        session=asked.session,
        user=asked.user,
    )
    filters = tuple(_filter(f"filters[{i}]", each) for i, each in enumerate(asked.filters))
    return Asked(wanted, filters, int(asked.take), whole("skip", asked.skip, "number without a fraction"))


def _filter(path: str, body: FilterBody) -> Filter:
    value = body.value
    match body.op:
        case "exists" | "not_exists":
            return Filter(body.id, body.op)
        case "gt" | "gte" | "lt" | "lte":
            is_fit, expected = _is_number(value), "number"
        case "eq" | "neq":
            is_fit, expected = isinstance(value, str | bool) or _is_number(value), "string, number or boolean"
        case "between":
            is_fit = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
            expected = "list of two numbers"
        case "in" | "nin":
            is_fit = isinstance(value, list) and all(isinstance(each, str) or _is_number(each) for each in value)
            expected = "list of strings and numbers"
        case "contains":
            is_fit, expected = isinstance(value, str), "string"
        case "json_contains":
            is_fit = isinstance(value, list) and all(isinstance(each, dict) for each in value)
            expected = "list of objects"
    if not is_fit:
        raise InvalidInput.at(f"{path}.value", expected)
    return Filter(body.id, body.op, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(found: Found, project: Project) -> dict[str, Any]:
    """A transcript as clients see it. The environment's alias is null once the environment is gone."""
    state = found.state
    is_known = any(each.alias == state.environment for each in project.environments)
    updated = max(state.active_at, state.created_at)
    return {
        "id": state.id,
        "sessionID": state.id,
        "userID": state.user,
        "projectID": state.project,
        "createdAt": moment(state.created_at),
        "updatedAt": moment(updated),
        "endedAt": None if state.ended is None else moment(updated),
        "expiresAt": None,
        "properties": [shown_mark(each) for each in found.marks],
        "evaluations": [],
        "recordingURL": None,
        "version": _variant(state) if is_known else None,
        "environmentAlias": state.environment if is_known else None,
    }


def _variant(state: SessionState) -> str:
    return "draft" if state.contact.is_draft else "published"


def logs_of(turns: Sequence[TurnRecord]) -> Iterator[dict[str, Any]]:
    """What was done and said, line by line. What the server did of itself is no line."""
    for turn in turns:
        if turn.action is not None and _is_clients(turn.action):
            yield _log("action", turn.action, turn)
        for emission in turn.said or ():
            match emission.body:
                case Traced(data=data) if not is_told_again(emission):
                    yield _log("trace", data, turn)
                case Ended(reason=reason):
                    yield _log("end", {"reason": reason}, turn)
                case _:
                    pass


def _is_clients(action: Mapping[str, Any]) -> bool:
    return "edit" not in action and not str(action.get("type")).startswith(OWN)


def _log(type: str, data: Any, turn: TurnRecord) -> dict[str, Any]:
    at = turn.accepted_at
    return {"type": type, "data": data, "createdAt": day(at), "updatedAt": day(at), "time": at, "turnID": turn.id}


def shown_mark(mark: Marked) -> dict[str, Any]:
    """A property with its value."""
    made = mark.property
    return {
        "id": made.id,
        "name": made.name,
        "default": made.is_default,
        "type": made.kind,
        "createdAt": moment(made.created_at or mark.at),
        "updatedAt": moment(mark.at),
        "value": mark.value,
    }


def shown_property(made: Property) -> dict[str, Any]:
    """A property without a value."""
    return {
        "id": made.id,
        "name": made.name,
        "default": made.is_default,
        "type": made.kind,
        "projectID": made.project,
        "createdAt": moment(made.created_at),
        "updatedAt": moment(made.updated_at),
    }
