"""Reading JSON that may hold anything anywhere: the wanted shape, or the empty one of its kind. Never raises."""

from __future__ import annotations

import math
from typing import Any

Obj = dict[str, Any]

DEEPEST = 50
"""Nested texts and conditions are followed this far; what editors write stays below ten."""


def obj(value: Any) -> Obj:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[Obj]:
    """The objects in the array."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: Any) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """The finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def at(value: Any, *path: str) -> Any:
    """What lies under the path, None where it leads nowhere."""
    for key in path:
        value = obj(value).get(key)
    return value


def by_id(value: Any) -> dict[str, Obj]:
    """The objects of the array that have an id, by it."""
    return {text(each.get("id")): each for each in objects(value) if text(each.get("id"))}
