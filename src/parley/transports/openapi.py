"""One OpenAPI document of everything that this server answers, made from what runs.

The platform's part comes from its routes' own types. The Conversations API is older than its descriptions: what its
bodies hold stands in docs/reference/http-api.md, and here as far as the paths and their endpoints tell.
"""

from __future__ import annotations

import re
from typing import Any

from parley.transports.http.routing import Described, Endpoint, Routes

TAGS = (
    ("/v1/stable/", "Stable API"),
    ("/v4/", "Conversations"),
    ("/v2/project/", "Conversations"),
    ("/state/", "State"),
    ("/knowledge-base/", "Knowledge"),
)
STREAMS = ("/interact/stream",)
KEY = {"type": "apiKey", "in": "header", "name": "authorization", "description": "An API key or a session key."}
_PART = re.compile(r"\{(\w+)\}")
_ERROR = {
    "type": "object",
    "properties": {
        "statusCode": {"type": "integer"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "code": {"type": "string"},
    },
}
_OPEN = frozenset({"/health", "/ready"})


def document(platform: dict[str, Any] | None, table: Routes) -> dict[str, Any]:
    """The document: `platform` is its part of the platform API, None where that is not served."""
    whole: dict[str, Any] = platform or {"openapi": "3.1.0", "info": {"title": "Parley", "version": "1"}, "paths": {}}
    paths = {each.path: _path(each) for each in table.described}
    whole["paths"] = {**paths, **whole["paths"]}
    components = whole.setdefault("components", {})
    components.setdefault("securitySchemes", {})["Key"] = KEY
    components.setdefault("schemas", {})["Problem"] = _ERROR
    return whole


def _path(described: Described) -> dict[str, Any]:
    return {method.lower(): _operation(described.path, method, end) for method, end in described.by_method.items()}


def _operation(path: str, method: str, endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()} {path}",
        "summary": _summary(endpoint),
        "tags": [next((tag for start, tag in TAGS if path.startswith(start)), "Other")],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _PART.findall(path)
        ],
        "responses": _responses(path),
    }
    if method in ("POST", "PUT", "PATCH"):
        operation["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    if path not in _OPEN:
        operation["security"] = [{"Key": []}, {}]
    return operation


def _responses(path: str) -> dict[str, Any]:
    kind = "text/event-stream" if any(part in path for part in STREAMS) else "application/json"
    problem = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {
        "2XX": {"description": "Done.", "content": {kind: {}}},
        "4XX": {"description": "The request is at fault: `code` says how.", **problem},
        "5XX": {"description": "The server is: try again later.", **problem},
    }


def _summary(endpoint: Endpoint) -> str:
    lines = (endpoint.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else ""
