"""What a client that asked for logs is told of a turn. Knows no steps but their names.

Source: engine, section 1.4 (`logs`): `{kind, message, level, timestamp}`; levels off, error, warn, info, verbose.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from parley.domain.channel_traces import LogPayload, LogTrace
from parley.domain.step_parts import StepBase
from parley.domain.traces import DebugPayload, NodeRef

LEVELS = ("off", "error", "warn", "info", "verbose")
"""Each with all before it."""
_WORDS = {"true": "info", "false": "off", "fatal": "error", "debug": "verbose"}


def log_of_step(step: StepBase, asked: str | None, now_ms: int) -> LogTrace | None:
    """That a step is run; None where nobody asked."""
    if _rank(asked) < _rank("info"):
        return None
    kind = f"step.{step.__struct_config__.tag}"
    return _log(kind, {"stepID": step.id, "componentName": step.name or step.id}, "info", now_ms)


def log_of_debug(payload: DebugPayload, asked: str | None, now_ms: int) -> LogTrace | None:
    """What a debug trace says; None where nobody asked for its level."""
    level = "info" if payload.level is UNSET else str(payload.level)
    if _rank(asked) < _rank(level):
        return None
    message: dict[str, Any] = {"message": payload.message}
    if payload.ref is UNSET:
        return _log(f"global.{payload.context or 'debug'}".lower(), message, _WORDS.get(level, level), now_ms)
    ref = payload.ref
    if not isinstance(ref, NodeRef):
        return _log(f"step.{ref.__struct_config__.tag}", message, _WORDS.get(level, level), now_ms)
    message |= {"stepID": ref.node_id, "componentName": ref.node_type}
    return _log(f"step.{ref.node_type}", message, _WORDS.get(level, level), now_ms)


def _rank(level: str | None) -> int:
    known = _WORDS.get(level or "off", level or "off")
    return LEVELS.index(known) if known in LEVELS else 0


def _log(kind: str, message: dict[str, Any], level: str, now_ms: int) -> LogTrace:
    at = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return LogTrace(LogPayload(kind, message, level, at))
