"""The value that an assignment gives: evaluated, the variable's own, and no larger than variables may be."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from parley.domain.conditions import Expression, Value
from parley.domain.steps import Assignment
from parley.domain.traces import debug
from parley.engine.javascript import ExpressionFailed, evaluate_expression
from parley.engine.turn import Turn
from parley.engine.values import evaluate
from parley.errors import LimitCrossed

_ENCODER = msgspec.json.Encoder()


def value_for(assignment: Assignment, turn: Turn, otherwise: Any = None) -> Any:
    """Evaluate the assignment; `otherwise` and a debug trace where its expression fails.

    Raises `LimitCrossed` for a value that alone exceeds `variable_bytes`: a loop that doubles a variable is stopped
    here, before the process's memory is gone.
    """
    try:
        value = _evaluated(assignment.value, turn)
    except ExpressionFailed as failed:
        turn.emit(debug(failed.message, level="error", context="expression"))
        return otherwise
    if not isinstance(value, str | list | dict):
        return value
    limit = turn.program.settings.limits.variable_bytes
    if _size(value) > limit:
        name = assignment.variable
        raise LimitCrossed("variable_bytes", f"variable '{name}' grew over {limit} bytes (limit `variable_bytes`)")
    return value if isinstance(value, str) else copy.deepcopy(value)


def _evaluated(value: Value, turn: Turn) -> Any:
    if isinstance(value, Expression):
        return evaluate_expression(value.source, turn.variables)
    return evaluate(value, turn)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_ENCODER.encode(value))
