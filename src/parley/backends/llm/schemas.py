"""What providers demand of a JSON Schema that an answer is to fit."""

from __future__ import annotations

from typing import Any


def is_strict(schema: Any) -> bool:
    """Each object in it is closed and has all of its properties, as OpenAI demands where it is to enforce a schema."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        names = set(properties) if isinstance(properties, dict) else set()
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != names:
            return False
    return all(is_strict(each) for each in schema.values() if isinstance(each, dict | list))


def closed(schema: Any) -> Any:
    """The same with each object closed, as Anthropic demands."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copied = {key: closed(value) for key, value in schema.items()}
    if copied.get("type") == "object":
        copied.setdefault("additionalProperties", False)
    return copied
