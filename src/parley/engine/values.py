"""What a flow's value is in this turn: a literal as it stands, a template rendered, an expression evaluated."""

from __future__ import annotations

from typing import Any, assert_never

from parley.domain.conditions import Expression, Literally, Template, Value
from parley.domain.traces import debug
from parley.engine.javascript import ExpressionFailed, evaluate_expression
from parley.engine.templates import compile_template
from parley.engine.turn import Turn


def evaluate(value: Value, turn: Turn) -> Any:
    """The value. An expression that fails gives None and a debug trace that says why.

    A literal object is the program's own: copy it before you change it.
    """
    match value:
        case Literally():
            return value.value
        case Template():
            return compile_template(value.text).value(turn.variables)
        case Expression():
            return evaluate_source(value.source, turn)
        case _:
            assert_never(value)


def evaluate_source(source: str, turn: Turn) -> Any:
    """The value of a JavaScript expression; None and a debug trace where it fails."""
    try:
        return evaluate_expression(source, turn.variables)
    except ExpressionFailed as failed:
        turn.emit(debug(failed.message, level="error", context="expression"))
        return None
