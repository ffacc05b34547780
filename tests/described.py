"""What the OpenAPI document says of the Conversations API, and whether what is taken and answered keeps to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from documented import faults_by, formats, pattern_of
from parley.transports.description.fragments import Fragments

Wire = dict[str, Any]
UNDESCRIBED = frozenset({405})
"""What every route may answer, and no route says: it does not take the method."""
FRAMES: dict[str, Wire] = {
    "trace": {"$ref": "#/components/schemas/Trace"},
    "state": {"$ref": "#/components/schemas/State"},
    "end": {"type": "object", "maxProperties": 0},
    "error": {
        "type": "object",
        "required": ["code", "message", "retryable"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "retryable": {"type": "boolean"}},
    },
}


@cache
def fragments() -> Fragments:
    """All that is described."""
    return Fragments()


@cache
def operation_of(method: str, path: str) -> Wire | None:
    """The operation that a request is for: the one with the fewest braces."""
    routes = [f"{each} {route}" for route, each in fragments().described]
    fits = [route for route in routes if pattern_of(route).fullmatch(f"{method} {path}")]
    if not fits:
        return None
    found, route = min(fits, key=lambda each: each.count("{")).split(" ")
    return fragments().operation(route, found)


@cache
def validator(text: str) -> Draft202012Validator:
    """For a schema, as JSON."""
    whole = {**json.loads(text), "components": {"schemas": fragments().schemas}}
    return Draft202012Validator(whole, format_checker=formats)


def faults(value: Any, schema: Any) -> list[str]:
    """Where a value does not keep to a schema."""
    return [] if schema is True else faults_by(validator(json.dumps(schema, sort_keys=True)), value)


def answer_faults(operation: Wire, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What is wrong with a whole answer."""
    if status in UNDESCRIBED:
        return []
    answer = operation["responses"].get(str(status))
    if answer is None:
        return [f"the status is none of {sorted(operation['responses'])}: {body[:200]!r}"]
    missing = [f"{name} is missing" for name in answer.get("headers", ()) if is_missing(name, headers)]
    return missing + content_faults(answer.get("content", {}), headers, body)


def is_missing(name: str, headers: Mapping[str, str]) -> bool:
    """What is only there when it was asked for may be missing."""
    return name != "Preference-Applied" and name.lower() not in headers


def content_faults(content: Wire, headers: Mapping[str, str], body: bytes) -> list[str]:
    """Whether the body is what one of the described types says."""
    kind = headers.get("content-type", "").partition(";")[0]
    if not body:
        return []
    if kind not in content:
        return [] if "application/octet-stream" in content else [f"the type is {kind or 'none'}, not {list(content)}"]
    if kind == "text/event-stream":
        return stream_faults(body)
    return faults(json.loads(body), content[kind]["schema"]) if kind == "application/json" else []


def stream_faults(body: bytes) -> list[str]:
    """What is wrong with the whole frames of a stream."""
    told = []
    for event, data in re.findall(rb"^event: (\w+)\nid: \d+\ndata: (.*)\n\n", body, re.MULTILINE):
        name = event.decode()
        schema = FRAMES.get(name)
        if schema is None:
            told.append(f"no event is called {name}")
        else:
            told += [f"{name}: {fault}" for fault in faults(json.loads(data), schema)]
    return told


def request_faults(operation: Wire, body: bytes) -> list[str]:
    """What is wrong with the description of a body that was taken."""
    content = operation.get("requestBody", {}).get("content", {})
    if content.get("application/json", {"schema": True})["schema"] is True:
        return []
    if not body:
        return ["no body was taken"] if operation["requestBody"]["required"] else []
    return faults(json.loads(body), content["application/json"]["schema"])
