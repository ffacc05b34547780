"""How the chat widget looks, in the words of the agent format; what these have no word for stands under `more`."""

from __future__ import annotations

import re
from typing import Any

from parley.projects.widget import PERSISTENCES, POSITIONS, SPACING, WIDGET


def widget_written(widget: dict[str, Any]) -> dict[str, Any]:
    """Under `widget`; empty where nothing is said."""
    written = {key: value for key, value in widget.items() if _is_sayable(key, value)}
    more = {key: value for key, value in widget.items() if key not in written}
    written = {"widget": written | ({"more": more} if more else {})}
    return written if widget else {}


def _is_sayable(key: str, value: Any) -> bool:
    match key:
        case "position":
            return value in POSITIONS
        case "persistence":
            return value in PERSISTENCES
        case "feedback":
            return isinstance(value, bool)
        case "spacing":
            return isinstance(value, dict) and set(value) <= set(SPACING.keys) and all(map(_is_size, value.values()))
        case "image" | "avatar" | "color":
            return isinstance(value, str) and re.match(WIDGET.keys[key].form["pattern"], value) is not None
        case "chat" | "voice" | "common":
            return isinstance(value, dict)
        case "more":
            return False
        case _:
            return key in WIDGET.keys and isinstance(value, str) and not value.endswith("\n")


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
