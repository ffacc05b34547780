"""The names of things: 24 hexadecimal characters that sort by the time they were made.

Source: decisions, "Identity". The first 12 characters are milliseconds since 1970, the rest is random: enough to be
unique, not to be secret. What an id names is opened with a key, never by knowing the id.
"""

from __future__ import annotations

import random
from typing import NewType

ProjectID = NewType("ProjectID", str)
EnvironmentAlias = NewType("EnvironmentAlias", str)
VersionID = NewType("VersionID", str)
UserID = NewType("UserID", str)
SessionID = NewType("SessionID", str)
TurnID = NewType("TurnID", str)
MessageID = NewType("MessageID", str)
WorkflowID = NewType("WorkflowID", str)
StepID = NewType("StepID", str)


def new_id(now_ms: int) -> str:
    """A fresh 24-character id made at `now_ms` (milliseconds since 1970)."""
    return f"{now_ms:012x}{random.getrandbits(48):012x}"


def nth_id(of: str, n: int) -> str:
    """The n-th id that belongs to `of`: the same every time, so that a turn that is run again names alike.

    Keeps the time part and 16 random bits of `of`, and spends the other 32 on `n`.
    """
    return f"{of[:16]}{(int(of[16:24], 16) + n + 1) & 0xFFFFFFFF:08x}"
