"""What a model gives to a tool: read from its JSON, and held against the schema. Knows no kinds of tool.

A model is told in one sentence what is wrong, so that it can try again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.tools import Parameter
from parley.errors import ParleyError

LONGEST = 256 * 1024
"""Characters of arguments."""
_DEEPEST = 32
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class BadArguments(ParleyError):
    """The arguments of a tool call do not fit the tool."""

    code = "bad_arguments"


def read_arguments(written: str) -> dict[str, Any]:
    """The JSON object that the model wrote; nothing is an empty one. Raises `BadArguments`."""
    if len(written) > LONGEST:
        raise BadArguments(f"the arguments are longer than {LONGEST} characters")
    if not written.strip():
        return {}
    try:
        found = msgspec.json.decode(written.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadArguments(f"the arguments are not JSON: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadArguments("the arguments must be a JSON object")
    return found


def schema_of(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """The JSON Schema of the parameters that the model gives: those that are `given` are none of its business."""
    asked = [parameter for parameter in parameters if parameter.given is None]
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: _property(each) for each in asked}}
    required = [each.name for each in asked if each.required]
    return schema | {"required": required} if required else schema


def check(value: Any, schema: Any, where: str = "", depth: int = 0) -> None:
    """Hold a value against the parts of JSON Schema that tools use. Raises `BadArguments`.

    Keywords that are not known here are left to whoever runs the tool.
    """
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    _check_type(value, schema.get("type"), where)
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        raise BadArguments(f"{_called(where)} must be one of {', '.join(_shown(each) for each in allowed[:20])}")
    if isinstance(value, dict):
        _check_object(value, schema, where, depth)
    if isinstance(value, list):
        for n, each in enumerate(value):
            check(each, schema.get("items"), f"{where}[{n}]", depth + 1)


def _check_object(value: dict[str, Any], schema: dict[str, Any], where: str, depth: int) -> None:
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if name not in value:
            raise BadArguments(f"`{_inside(where, str(name))}` is missing")
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        if name in value:
            check(value[name], inner, _inside(where, name), depth + 1)


def _check_type(value: Any, wanted: Any, where: str) -> None:
    names = [name for name in (wanted if isinstance(wanted, list) else [wanted]) if name in _TYPES]
    if names and not any(_is(value, name) for name in names):
        raise BadArguments(f"{_called(where)} must be of type {' or '.join(names)}, and is {_shown(value)}")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _property(parameter: Parameter) -> dict[str, Any]:
    form: dict[str, Any] = {"type": parameter.type}
    if parameter.about:
        form["description"] = parameter.about
    if parameter.choices:
        form["enum"] = list(parameter.choices)
    return form


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _called(where: str) -> str:
    return f"`{where}`" if where else "the arguments"


def _shown(value: Any) -> str:
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}…"
