"""The JSON Schema of a tool elsewhere, without the parameters that the runtime puts in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parley.domain.tools import Parameter


def narrowed(schema: dict[str, Any], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The schema as the model sees it. What an author says about a parameter comes before what its server says."""
    given = {each.name for each in parameters if each.given is not None}
    told = {each.name: each.about for each in parameters if each.given is None and each.about}
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    shown = {
        name: {**form, "description": told[name]} if name in told and isinstance(form, dict) else form
        for name, form in properties.items()
        if name not in given
    }
    required = schema.get("required")
    needed = [name for name in required if name not in given] if isinstance(required, list) else []
    rest = {key: value for key, value in schema.items() if key not in ("properties", "required", "$schema")}
    return rest | {"type": "object", "properties": shown} | ({"required": needed} if needed else {})
