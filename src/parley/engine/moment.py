"""When and where a user speaks: what "tomorrow", "5/6" and "1,5" mean depends on it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from parley.engine.turn import Turn

_MONTH_FIRST = frozenset({"US", "PH", "PW", "FM", "MH"})


class Moment:
    """The time of the turn in the user's zone, and the agent's locale (`en-US`). The same turn has the same one."""

    def __init__(self, now_ms: int, zones: tuple[Any, ...] = (), locale: str = "en-US") -> None:
        self._now_ms = now_ms
        self._zones = zones
        self.language, self.region = _language_and_region(locale)

    @cached_property
    def now(self) -> datetime:
        """The time, with the first of the zones that exists."""
        for name in self._zones:
            try:
                if isinstance(name, str) and name:
                    return datetime.fromtimestamp(self._now_ms / 1000, ZoneInfo(name))
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
        return datetime.fromtimestamp(self._now_ms / 1000, ZoneInfo("UTC"))

    @property
    def has_month_first(self) -> bool:
        """Whether 5/6 is the sixth of May."""
        return self.region in _MONTH_FIRST


@lru_cache(maxsize=256)
def _language_and_region(locale: str) -> tuple[str, str]:
    parts = locale.replace("_", "-").split("-")
    language = parts[0].lower() or "en"
    return language, next((part.upper() for part in parts[1:] if len(part) == 2), "US" if language == "en" else "")


def moment_of(turn: Turn) -> Moment:
    """The moment at which the turn's action was accepted."""
    settings = turn.program.settings
    return Moment(turn.now_ms, (turn.variables.get("vf_user_timezone"), settings.timezone), settings.locale)
