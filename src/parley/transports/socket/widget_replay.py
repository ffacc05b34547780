"""What dialect B replays to a client that says when it last received something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any

import msgspec

from parley.domain.transcript import Traced, TurnRecord, is_told_again
from parley.errors import InvalidInput


def replay(turns: Sequence[TurnRecord], received_at: int) -> list[dict[str, Any]]:
    """What was done and said after this time (milliseconds since 1970), oldest first."""
    missed: list[dict[str, Any]] = []
    for turn in turns:
        if turn.accepted_at > received_at and turn.action is not None and "type" in turn.action:
            missed.append({"type": "action", "data": turn.action, "createdAt": turn.accepted_at})
        for emission in turn.said or ():
            if isinstance(emission.body, Traced) and not is_told_again(emission):
                trace = msgspec.json.decode(emission.body.data)
                if trace["time"] > received_at:
                    missed.append({"type": "trace", "data": trace, "createdAt": trace["time"]})
    return missed


def milliseconds(value: Any) -> int | None:
    """A time as the widget sends it: milliseconds since 1970, or ISO 8601. Raises `InvalidInput`."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return int(value)
    if isinstance(value, str):
        try:
            return int(datetime.fromisoformat(value).timestamp() * 1000)
        except (ValueError, OverflowError, OSError):
            pass
    raise InvalidInput.at("lastReceivedAt", "milliseconds since 1970, or an ISO 8601 time")
