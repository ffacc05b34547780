"""What is sent to webhooks: that sessions and calls begin and end, and what becomes of injections and escalations.

Source: Conversations API, section 9 (webhooks); the events of injections and escalations are ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog

from parley.domain.conversation_names import call_of
from parley.domain.ids import ProjectID
from parley.domain.platform_event import PlatformEvent
from parley.domain.state import SessionState
from parley.domain.webhook import Payload
from parley.domain.workspace import WorkspaceID
from parley.session.happenings import Began, Happening, Happenings, Over
from parley.workspaces.backlog import Backlog
from parley.workspaces.delivering import Delivering
from parley.workspaces.events import Events
from parley.workspaces.registry import Workspaces

log = structlog.get_logger()

VOICE = "voice"
REASONS = {
    "inactivity_timeout": "Session ended due to inactivity timeout",
    "replaced": "Session expired because a new one was started",
}
FROM_EVENTS = {
    "injection.received": "runtime.injection.received",
    "injection.used": "runtime.injection.used",
    "injection.expired": "runtime.injection.expired",
    "call.escalated": "runtime.escalation.requested",
    "escalation.connected": "runtime.escalation.connected",
    "escalation.completed": "runtime.escalation.completed",
}


class Announcing:
    """Watches the house and hands what is to be told to the sender, in order."""

    def __init__(self, workspaces: Workspaces, delivering: Delivering, happenings: Happenings, events: Events) -> None:
        self._workspaces = workspaces
        self._delivering = delivering
        self._backlog = Backlog("webhook not queued")
        self._leave = happenings.watch(self._watch, Began, Over)
        events.listen(self._hear)

    async def told(self) -> None:
        """Return when all that has happened is queued for who wants it."""
        await self._backlog.cleared()

    async def stop(self) -> None:
        """Queue what waits, and no more."""
        self._leave()
        await self._backlog.cleared()

    def _watch(self, happening: Happening) -> None:
        match happening:
            case Began(state=state):
                self._put(state.project, f"runtime.{_kind(state)}.start", _payload(state, None))
            case Over(state=state):
                self._put(state.project, f"runtime.{_kind(state)}.end", _payload(state, state.ended))
            case _:
                pass

    def _hear(self, event: PlatformEvent) -> None:
        type = FROM_EVENTS.get(event.type)
        if type is not None:
            body = {"type": type, "data": event.data, "time": event.id, "resource": f"workspace-{event.workspace}"}
            self._put(event, type, body)

    def _put(self, source: ProjectID | PlatformEvent, type: str, payload: Payload) -> None:
        self._backlog.put(lambda: self._send(source, type, {"type": type, **payload}))

    async def _send(self, source: ProjectID | PlatformEvent, type: str, payload: Payload) -> None:
        await self._delivering.send(await self._owner(source), type, payload, _about(payload))

    async def _owner(self, source: ProjectID | PlatformEvent) -> WorkspaceID:
        if isinstance(source, PlatformEvent):
            return source.workspace
        return (await self._workspaces.owner_of(source)).id


def _about(payload: Payload) -> str:
    """The conversation that an event tells of, by the sid of its call."""
    data = payload["data"]
    return str(data.get("call_sid") or call_of(data["sessionID"]))


def _kind(state: SessionState) -> str:
    return "call" if state.contact.channel == VOICE else "session"


def _payload(state: SessionState, reason: str | None) -> Payload:
    data: dict[str, Any] = {
        "userID": state.user,
        "projectID": state.project,
        "environmentID": state.environment,
        "sessionID": state.id,
        "transcriptID": state.id,
        "versionID": state.version,
        "projectEnvironmentAlias": state.environment,
        "startTime": _iso(state.created_at),
    }
    if reason is not None:
        data |= {"endTime": _iso(state.active_at), "endReason": REASONS.get(reason, reason)}
    if state.contact.channel == VOICE:
        contact = state.contact
        data["platform"] = "voiceflow" if contact.direction == "test" else "web-voice"
        data["metadata"] = {
            "callSid": call_of(state.id),
            "callType": "outbound" if contact.direction == "outbound" else "inbound",
            "userNumber": contact.caller,
            "agentNumber": "",
        }
    time = state.created_at if reason is None else state.active_at
    return {"data": data, "time": time, "resource": f"project-{state.project}"}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat().replace("+00:00", "Z")
