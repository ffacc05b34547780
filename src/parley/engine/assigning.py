"""The value that an assignment gives: evaluated, the variable's own, and no larger than variables may be."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from parley.domain.steps import Assignment
from parley.engine.turn import Turn
from parley.engine.values import evaluate
from parley.errors import LimitCrossed

_ENCODER = msgspec.json.Encoder()


def value_for(assignment: Assignment, turn: Turn) -> Any:
    """Evaluate the assignment. Raises `LimitCrossed` for a value that alone exceeds `variable_bytes`.

    A loop that doubles a variable is stopped here, before the turn's memory is gone.
    """
    value = evaluate(assignment.value, turn)
    if isinstance(value, str | list | dict):
        limit = turn.program.settings.limits.variable_bytes
        if _size(value) > limit:
            raise LimitCrossed(
                "variable_bytes", f"variable '{assignment.variable}' grew over {limit} bytes (limit `variable_bytes`)"
            )
    return copy.deepcopy(value) if isinstance(value, list | dict) else value


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_ENCODER.encode(value))
