"""The variables a step sees: those of its frame, then the session's, then what Parley knows by itself.

Source: Conversations API, section 6. The variables about time are computed when they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parley.domain.state import SessionState
from parley.engine.memory import MEMORY as MEMORY
from parley.engine.memory import SHORT, Memory, Span

# "Monday, Jan 1, 2025, 16:37" is the documented form of vf_now; the others are its parts.
_TIME: dict[str, Callable[[datetime], Any]] = {
    "vf_now": lambda t: f"{t:%A, %b} {t.day}, {t:%Y, %H:%M}",
    "vf_date": lambda t: f"{t:%b} {t.day}, {t:%Y}",
    "vf_time": lambda t: f"{t:%H:%M}",
    "vf_month": lambda t: f"{t:%B}",
    "vf_day": lambda t: f"{t:%A}",
    "vf_year": lambda t: f"{t:%Y}",
    "timestamp": lambda t: int(t.timestamp()),
}
COMPUTED = (*_TIME, "vf_memory")
"""Names whose value is computed when it is read: nothing can be kept under them."""
SMALL = 512


class Variables:
    """Read and write by name. A name that no frame declares is the session's."""

    def __init__(self, state: SessionState, now_ms: int, default_timezone: str, span: Span = SHORT) -> None:
        self._state = state
        self.memory = Memory(state, span)
        self._now_ms = now_ms
        self._default_timezone = default_timezone
        self._frame: dict[str, Any] = {}
        self._draws = 0
        self.hide: Callable[[Any], Any] | None = None
        """Takes secrets out of what is set; None where the turn knows none."""
        self.has_grown = False
        """Something was set that may be large: the session's variables are worth measuring."""

    def enter(self, frame_variables: dict[str, Any]) -> None:
        """From here on, these are the frame's own variables."""
        self._frame = frame_variables

    def __contains__(self, name: str) -> bool:
        return name in self._frame or name in self._state.variables or name in _TIME or name == "vf_memory"

    def get(self, name: str, default: Any = None) -> Any:
        """The value under this name; `default` where there is none."""
        if name in self._frame:
            return self._frame[name]
        if name in self._state.variables:
            return self._state.variables[name]
        if name in _TIME:
            return _TIME[name](self._now())
        if name == "vf_memory":
            return self.memory.text()
        return default

    def set(self, name: str, value: Any) -> None:
        """Give a variable a value: the frame's where the frame has it, else the session's."""
        if self.hide is not None:
            value = self.hide(value)
        if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > SMALL):
            self.has_grown = True
        if name in self._frame:
            self._frame[name] = value
        else:
            self._state.variables[name] = value

    def chance(self) -> tuple[int, int]:
        """The time of the turn and a seed, for an expression that asks for them: the same when it is run again."""
        self._draws += 1
        return self._now_ms, crc32(f"{self._state.id} {self._now_ms} {self._draws}".encode())

    def own(self) -> dict[str, Any]:
        """A copy of everything that has been set, without what is computed."""
        return {**self._state.variables, **self._frame}

    def shown(self) -> dict[str, Any]:
        """All of the session's variables, with the computed ones, as clients see them."""
        now = self._now()
        computed = {name: make(now) for name, make in _TIME.items()}
        return {**self._state.variables, **computed, "vf_memory": self.memory.text()}

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._now_ms / 1000, self._zone())

    def _zone(self) -> ZoneInfo:
        for name in (self._state.variables.get("vf_user_timezone"), self._default_timezone):
            try:
                return ZoneInfo(name) if isinstance(name, str) and name else ZoneInfo("UTC")
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
        return ZoneInfo("UTC")
