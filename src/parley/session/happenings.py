"""What happens to sessions, told to whoever watches the house: consoles, webhooks, dashboards.

Watchers are called at once and must neither wait nor raise; where nobody watches, nothing is made. What is said inside
a session is followed there (`SessionHandle.follow`), not here.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from msgspec import Struct

from parley.domain.operator import Handover
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


class HandedOver(Struct, frozen=True):
    """The agent wants a person to go on, or goes on without one, and that is saved."""

    state: SessionState
    handover: Handover


class Over(Struct, frozen=True):
    """A session has ended, and that is saved. `state.ended` says why."""

    state: SessionState


Happening = Began | Asked | HandedOver | Over
Watcher = Callable[[Happening], None]


class Happenings:
    """Tells every watcher of a kind."""

    def __init__(self) -> None:
        self._watchers: dict[type[Happening], tuple[Watcher, ...]] = {}

    def is_watched(self, kind: type[Happening]) -> bool:
        """Somebody wants to know of this kind."""
        return kind in self._watchers

    def watch(self, watcher: Watcher, *kinds: type[Happening]) -> Callable[[], None]:
        """Call `watcher` with all of these kinds that happens from now on; what is returned stops that."""
        for kind in kinds:
            self._watchers[kind] = (*self._watchers.get(kind, ()), watcher)

        def leave() -> None:
            for kind in kinds:
                left = tuple(other for other in self._watchers.pop(kind, ()) if other is not watcher)
                if left:
                    self._watchers[kind] = left

        return leave

    def tell(self, happening: Happening) -> None:
        """Tell it to all who want it. One that fails does not keep it from the others."""
        for watcher in self._watchers.get(type(happening), ()):
            try:
                watcher(happening)
            except Exception:
                log.exception("a watcher failed")
