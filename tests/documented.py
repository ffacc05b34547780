"""What is documented of the platform API: its routes with their schemas, and whether answers and events keep to them.

The schemas stand restated in `fixtures/sessions_api.json` (seed 003) and `fixtures/platform_api.json` (the rest).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]
FIXTURES = Path(__file__).parent / "fixtures"
SEED: dict[str, Any] = json.loads((FIXTURES / "sessions_api.json").read_text("utf-8"))
REST: dict[str, Any] = json.loads((FIXTURES / "platform_api.json").read_text("utf-8"))
ROUTES: dict[str, dict[str, Any]] = {**REST["routes"], **SEED["routes"]}
SCHEMAS: dict[str, Schema] = {**REST["schemas"], **SEED["schemas"]}
EVENTS: dict[str, Schema] = REST["events"]
FRAMES: dict[str, Schema] = REST["frames"]
ALWAYS = frozenset({401, 403, 404, 405, 409, 413, 422, 429, 503})
"""Refusals that any route may answer with."""
OTHERS = ("/v1/stable/", "/v1/handoff/")
"""Other doors' paths under /v1/."""

formats = FormatChecker(formats=())


@formats.checks("uuid", raises=ValueError)
def is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()


@formats.checks("date-time", raises=ValueError)
def is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def validator(text: str) -> Draft202012Validator:
    """For a schema, as JSON."""
    return Draft202012Validator({**json.loads(text), "$defs": SCHEMAS}, format_checker=formats)


def faults(value: Any, schema: Schema) -> list[str]:
    """Where a value does not keep to a schema."""
    return faults_by(validator(json.dumps(schema, sort_keys=True)), value)


def faults_by(validator: Draft202012Validator, value: Any) -> list[str]:
    """Where a value does not keep to what a validator holds it to."""
    errors = validator.iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'body'}: {error.message}" for error in errors]


def is_platform(path: str) -> bool:
    """The path is one of the platform API's."""
    return path.startswith("/v1/") and not path.startswith(OTHERS)


@cache
def route_of(method: str, path: str) -> str | None:
    """The documented route of a request: the one with the fewest braces."""
    fits = [route for route in ROUTES if pattern_of(route).fullmatch(f"{method} {path}")]
    return min(fits, key=lambda route: route.count("{"), default=None)


@cache
def pattern_of(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route)))


def answer_faults(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What is wrong with a whole answer of the platform API."""
    route = route_of(method, path)
    told = status_faults(route, status) + ([] if headers.get("x-request-id") else ["x-request-id is missing"])
    if status >= 400:
        told += refusal_faults(status, headers, body)
    elif route is not None and str(status) in ROUTES[route]["answers"]:
        schema = ROUTES[route]["answers"][str(status)].get("schema")
        if schema is not None and "text/event-stream" not in headers.get("content-type", ""):
            told += faults(json.loads(body), schema)
    return [f"{method} {path} {status}: {fault}" for fault in told]


def status_faults(route: str | None, status: int) -> list[str]:
    if route is None or status in ALWAYS or str(status) in ROUTES[route]["answers"]:
        return []
    return [f"the status is none of {sorted(ROUTES[route]['answers'])}"]


def refusal_faults(status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """A refusal says why: a list of what is wrong with the input, or a text."""
    found = json.loads(body)
    schema: Schema = {"$ref": "#/$defs/HTTPValidationError"} if status == 422 else {"properties": {"detail": TEXT}}
    told = faults(found, {**schema, "required": ["detail"]})
    return told if found.get("request_id") == headers.get("x-request-id") else [*told, "request_id is another"]


TEXT = {"type": "string", "minLength": 1}


def frame_faults(event: str, data: bytes) -> list[str]:
    """What is wrong with a frame of a turn's stream."""
    if event not in FRAMES:
        return [f"no frame is called {event}"]
    return [f"{event}: {fault}" for fault in faults(json.loads(data), FRAMES[event])]


def event_faults(type: str, data: Any) -> list[str]:
    """What is wrong with an event of a workspace; those that are ours alone have no schema."""
    return [] if type not in EVENTS else [f"{type}: {fault}" for fault in faults(data, EVENTS[type])]
