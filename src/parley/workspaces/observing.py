"""What happens around a session, told to who watches it: actions, receipts, operators, and what a call notes.

What a session says itself is followed there (`SessionHandle.follow`). One watcher of the house for all: who is not
watched costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from msgspec import Struct

from parley.domain.conversation_names import session_of_call
from parley.domain.ids import SessionID
from parley.domain.injection import Receipt
from parley.domain.platform_event import PlatformEvent
from parley.session.happenings import Asked, Happening, Happenings, Over
from parley.session.injections import Injections
from parley.workspaces.events import Events

log = structlog.get_logger()


class Noted(Struct, frozen=True):
    """What only the call knows: how sure it is of what was said (`user_transcript`), or that it was interrupted
    (`barge_in`)."""

    type: str
    data: dict[str, Any]


Seen = Happening | Receipt | PlatformEvent | Noted
Watcher = Callable[[Seen], None]


class Observing:
    """Watchers by session. They are called at once and must not wait."""

    def __init__(self, happenings: Happenings, injections: Injections, events: Events) -> None:
        self._watchers: dict[SessionID, list[Watcher]] = {}
        self._happenings = happenings
        self._leave: Callable[[], None] | None = None
        injections.watch(lambda receipt: self._tell(receipt.injection.session, receipt))
        events.listen(self._hear)

    def watch(self, session: SessionID, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with all that happens from now on; what is returned stops that."""
        self._watchers.setdefault(session, []).append(watcher)
        if self._leave is None:
            self._leave = self._happenings.watch(self._happened, Asked, Over)

        def leave() -> None:
            watchers = self._watchers.get(session, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._watchers.pop(session, None)
            if not self._watchers and self._leave is not None:
                self._leave()
                self._leave = None

        return leave

    def note(self, session: SessionID, type: str, data: dict[str, Any]) -> None:
        """Tell what a call has noted."""
        self._tell(session, Noted(type, data))

    def _happened(self, happening: Happening) -> None:
        self._tell(happening.state.id, happening)

    def _hear(self, event: PlatformEvent) -> None:
        call = event.data.get("call_sid")
        session = session_of_call(call) if isinstance(call, str) else None
        if session is not None:
            self._tell(session, event)

    def _tell(self, session: SessionID, seen: Seen) -> None:
        for watcher in tuple(self._watchers.get(session, ())):
            try:
                watcher(seen)
            except Exception:
                log.exception("an observer failed")
