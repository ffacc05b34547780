"""What providers want back with a tool call: their own JSON, under their own name, so that no other one is sent it."""

from __future__ import annotations

from typing import Any

import msgspec


def keep(provider: str, value: Any) -> str:
    """The text for `ToolCall.kept`."""
    return msgspec.json.encode({provider: value}).decode()


def kept_for(provider: str, kept: str) -> Any:
    """What this provider gave; None when it gave nothing."""
    if not kept:
        return None
    try:
        value = msgspec.json.decode(kept)
    except msgspec.DecodeError:
        return None
    return value.get(provider) if isinstance(value, dict) else None
