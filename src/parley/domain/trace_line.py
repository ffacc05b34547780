"""A trace, as JSON, on one line for people: its type, and what it says where it says something."""

from __future__ import annotations

from typing import Any

import msgspec

_WIDEST = 200


def line_of(trace: dict[str, Any]) -> str:
    """The line; what is long is cut."""
    payload = trace.get(
        "payload", {key: value for key, value in trace.items() if key not in ("type", "turnID", "time")}
    )
    if isinstance(payload, dict):
        buttons = payload.get("buttons")
        if isinstance(payload.get("message"), str):
            payload = payload["message"]
        elif isinstance(buttons, list) and all(isinstance(each, dict) and "name" in each for each in buttons):
            payload = {key: value for key, value in payload.items() if key != "messageID"}
            payload |= {"buttons": [each["name"] for each in buttons]}
    text = payload if isinstance(payload, str) else msgspec.json.encode(payload).decode() if payload else ""
    text = " ".join(text.split())
    shown = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
    return f"{trace['type']}: {shown}" if shown else str(trace["type"])
