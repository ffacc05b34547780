"""What a tool's outcome does to the turn: traces, notes for the builder, and values that go into variables."""

from __future__ import annotations

from typing import Any

from parley.domain.tools import FunctionTool, Tool
from parley.domain.traces import debug
from parley.engine.function_traces import emit_traces
from parley.engine.response_path import MISSING, find_in
from parley.engine.templates import render
from parley.engine.tools.kinds import ref_of
from parley.engine.tools.outcome import Outcome, Used, bounded
from parley.engine.turn import Turn
from parley.ports.llm import ToolCall


def conclude(tool: Tool, call: ToolCall, outcome: Outcome, turn: Turn) -> Used:
    """Show what is to be shown, keep what is to be kept, and give the model what it reads."""
    ref = ref_of(tool)
    for level, message in outcome.notes:
        turn.emit(debug(f"tool '{tool.name}': {message}", level=level, context="tool", ref=ref))
    wrong = emit_traces(outcome.traces, turn)
    if wrong is not None:
        turn.emit(debug(f"tool '{tool.name}': {wrong}", level="error", context="tool", ref=ref))
    if outcome.has_found and not outcome.is_error:
        for captured in tool.captures:
            value = _value(tool, outcome.found, render(captured.path, turn.variables), turn)
            if value is not MISSING:
                turn.variables.set(captured.variable, value)
    return Used(call, bounded(outcome.text), outcome.is_error)


def _value(tool: Tool, found: Any, path: str, turn: Turn) -> Any:
    """Of a function, the output of this name, as it is; else what lies at the path."""
    if isinstance(tool, FunctionTool) and isinstance(found, dict) and path in found:
        return found[path]
    return find_in(found, path, turn.random)
