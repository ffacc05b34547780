"""What happens to sessions, told to whoever watches the house: consoles, webhooks, dashboards.

Watchers are called at once and must neither wait nor raise; where nobody watches, nothing is made. What is said inside
a session is followed there (`SessionHandle.follow`), not here.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from msgspec import Struct

from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord

log = structlog.get_logger()


class Began(Struct, frozen=True):
    """A session is there. `state` is not to be changed, here and below."""

    state: SessionState


class Asked(Struct, frozen=True):
    """An action has come in."""

    state: SessionState
    turn: TurnRecord


class Answered(Struct, frozen=True):
    """A turn is over and saved. A session that has ended with it says why in `state.ended`."""

    state: SessionState
    turn: TurnRecord
    has_ended: bool = False


Happening = Began | Asked | Answered
Watcher = Callable[[Happening], None]


class Happenings:
    """Tells every watcher."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    @property
    def is_watched(self) -> bool:
        """Somebody wants to know."""
        return bool(self._watchers)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with all that happens from now on; what is returned stops that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    def tell(self, happening: Happening) -> None:
        """Tell it to all. One that fails does not keep it from the others."""
        for watcher in tuple(self._watchers):
            try:
                watcher(happening)
            except Exception:
                log.exception("a watcher failed")
