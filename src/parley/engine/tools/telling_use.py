"""What is told of a tool's use: that a model calls it and with what, and what the model then reads. Uses nothing.

Both are debug traces with the context `tool`; their metadata are what the platform API makes its frames from
(platform API, sections 3.3 and 4.2). Secrets are taken out where traces leave the turn.
"""

from __future__ import annotations

from typing import Any

from parley.domain.traces import DebugTrace, Ref, debug
from parley.engine.tools.arguments import BadArguments, read_arguments
from parley.engine.tools.outcome import Used
from parley.ports.llm import ToolCall

CONTEXT = "tool"
LONGEST = 10_000
"""Characters of an input or a result that are told."""
DEEPEST = 32
_NAME = 256


def started(call: ToolCall, ref: Ref | None) -> DebugTrace:
    """A model calls a tool. Its arguments may be anything."""
    told = {**_names(call), "input": _input(call.arguments)}
    return debug(f"tool '{call.name[:80]}': called", level="debug", context=CONTEXT, ref=ref, metadata=told)


def completed(used: Used, ref: Ref | None) -> DebugTrace:
    """A call is over."""
    told = {**_names(used.call), "result": _cut(used.result), "succeeded": not used.is_error}
    word = "failed" if used.is_error else "done"
    return debug(f"tool '{used.call.name[:80]}': {word}", level="debug", context=CONTEXT, ref=ref, metadata=told)


def _names(call: ToolCall) -> dict[str, Any]:
    return {"call_id": call.id[:_NAME], "tool_name": call.name[:_NAME]}


def _input(arguments: str) -> dict[str, Any]:
    """The arguments; what is too long, too deep or no JSON object is told as a text."""
    if len(arguments) <= LONGEST:
        try:
            found = read_arguments(arguments)
        except BadArguments:
            pass
        else:
            if _is_flat(found, DEEPEST):
                return found
    return {"arguments": _cut(arguments)}


def _is_flat(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_flat(each, levels - 1) for each in inner)


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
