"""From what happens to sessions to the events of the workspace that owns them (platform API, section 4.1)."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.ids import ProjectID
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID
from parley.session.happenings import Answered, Asked, Began, Happening, Happenings
from parley.workspaces.events import Events
from parley.workspaces.registry import Workspaces

log = structlog.get_logger()

REASONS = {
    "end_of_diagram": "completed",
    "inactivity_timeout": "timeout",
    "max_duration": "timeout",
    "hangup": "caller_hangup",
    "ended_by_client": "completed",
    "ended_by_operator": "transferred",
    "replaced": "abandoned",
    "closed": "completed",
}
"""End reasons as `completion_reason` (section 4.1)."""
VOICE = "voice"


class Reporting:
    """Watches the house and tells the workspaces, in order."""

    def __init__(self, workspaces: Workspaces, events: Events, happenings: Happenings) -> None:
        self._workspaces = workspaces
        self._events = events
        self._owners: dict[ProjectID, WorkspaceID] = {}
        self._waiting: asyncio.Queue[tuple[ProjectID, str, dict[str, Any]]] = asyncio.Queue()
        self._working: asyncio.Task[None] | None = None
        self._leave = happenings.watch(self._watch)

    async def stop(self) -> None:
        """Tell what waits, and no more."""
        self._leave()
        await self._waiting.join()
        if self._working is not None:
            self._working.cancel()

    async def told(self) -> None:
        """Return when all that has happened is told."""
        await self._waiting.join()

    def _watch(self, happening: Happening) -> None:
        match happening:
            case Began(state=state):
                self._put(state, "call.started" if state.contact.channel == VOICE else "text.started", _begun(state))
            case Answered(state=state, has_ended=True):
                self._put(state, "call.ended" if state.contact.channel == VOICE else "text.completed", _over(state))
            case Asked() | Answered():
                pass

    def _put(self, state: SessionState, type: str, data: dict[str, Any]) -> None:
        owner = self._owners.get(state.project)
        if owner is not None and self._waiting.empty():
            self._events.tell(owner, type, data)
            return
        self._waiting.put_nowait((state.project, type, data))
        if self._working is None or self._working.done():
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        """Find out whose a project is: once, and not while a session waits."""
        while True:
            project, type, data = await self._waiting.get()
            try:
                if project not in self._owners:
                    self._owners[project] = (await self._workspaces.owner_of(project)).id
                self._events.tell(self._owners[project], type, data)
            except Exception as error:  # noqa: BLE001 - an event that cannot be told must not keep the others
                log.warning("event not told", type=type, error=repr(error))
            finally:
                self._waiting.task_done()


def _begun(state: SessionState) -> dict[str, Any]:
    contact = state.contact
    common = {"service_id": contact.service, "direction": contact.direction}
    if contact.channel == VOICE:
        return {"call_sid": call_of(state.id), **common, "caller_id": contact.caller}
    return {**_text(state), "service_id": contact.service, "entity_id": contact.entity}


def _over(state: SessionState) -> dict[str, Any]:
    contact = state.contact
    reason = REASONS.get(state.ended or "", "completed")
    seconds = (state.active_at - state.created_at) / 1000
    if contact.channel == VOICE:
        names = {"call_sid": call_of(state.id), "direction": contact.direction}
        return {**names, "duration_seconds": seconds, "completion_reason": reason, "escalated": False}
    return {
        **_text(state),
        "duration_seconds": seconds,
        "turn_count": state.revision,
        "final_state": state.stack[-1].workflow if state.stack else "",
        "completion_reason": reason,
    }


def _text(state: SessionState) -> dict[str, Any]:
    return {"session_id": conversation_of(state.id), "channel_kind": state.contact.channel}
