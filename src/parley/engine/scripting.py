"""Scripts as turns run them: time and chance are the turn's own, the same when the turn is run again."""

from __future__ import annotations

from typing import Literal

from parley.engine.turn import Turn
from parley.ports.scripts import Script


def script_of(turn: Turn, kind: Literal["code", "function"], source: str, given: str) -> Script:
    """The script, with the time at which the action was accepted and a seed of the turn's chance."""
    return Script(kind, source, given, turn.now_ms, turn.random.getrandbits(32))
