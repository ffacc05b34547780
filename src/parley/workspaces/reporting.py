"""From what happens in sessions to the events of the workspace that owns them (platform API, section 4.1).

A conversation in which the agent hands over to a person becomes an escalation here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from parley.domain.conversation_names import call_of, conversation_of, turn_name
from parley.domain.ids import ProjectID, SessionID
from parley.domain.injection import Receipt
from parley.domain.operator import EscalationTrigger, Handover
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID
from parley.session.directory import Directory
from parley.session.happenings import Began, HandedOver, Happening, Over
from parley.session.injections import Injections
from parley.workspaces.backlog import Backlog
from parley.workspaces.escalations import Escalations
from parley.workspaces.events import Events
from parley.workspaces.registry import Workspaces
from parley.workspaces.services import service_of

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
_STAGES = {"accepted": "injection.received", "queued": "injection.received", "expired": "injection.expired"}
ASKED = "The agent asked for a person."
WhenOver = Callable[[SessionID], Awaitable[None]]


class Reporting:
    """Watches the house and tells the workspaces, in order."""

    def __init__(
        self,
        workspaces: Workspaces,
        events: Events,
        directory: Directory,
        injections: Injections,
        escalations: Escalations,
        when_over: WhenOver,
    ) -> None:
        self._workspaces = workspaces
        self._events = events
        self._directory = directory
        self._escalations = escalations
        self._when_over = when_over
        self._backlog = Backlog("event not told")
        self._leave = directory.happenings.watch(self._watch, Began, HandedOver, Over)
        injections.watch(self._moved)

    async def stop(self) -> None:
        """Tell what waits, and no more."""
        self._leave()
        await self._backlog.cleared()

    async def told(self) -> None:
        """Return when all that has happened is told."""
        await self._backlog.cleared()

    def _watch(self, happening: Happening) -> None:
        match happening:
            case Began(state=state):
                type = "call.started" if state.contact.channel == VOICE else "text.started"
                self._backlog.put(lambda: self._begin(state, type))
            case HandedOver(state=state, handover=Handover(is_over=True)):
                self._backlog.put(lambda: self._withdraw(state))
            case HandedOver(state=state, handover=handover):
                self._backlog.put(lambda: self._escalate(state, handover.message or ASKED, handover.trigger))
            case Over(state=state):
                type = "call.ended" if state.contact.channel == VOICE else "text.completed"
                self._backlog.put(lambda: self._close(state.project, state.id, type, _over(state)))
            case _:
                pass

    def _moved(self, receipt: Receipt) -> None:
        self._backlog.put(lambda: self._tell_receipt(receipt))

    async def _tell_receipt(self, receipt: Receipt) -> None:
        session = receipt.injection.session
        state = (await self._directory.recall(session)).state()
        told = {
            "injection_id": receipt.injection.id,
            "call_sid": call_of(session),
            "session_id": conversation_of(session),
            "kind": receipt.injection.kind,
            "stage": receipt.stage,
            "turn_id": None if receipt.turn is None else turn_name(receipt.turn),
        }
        await self._tell_now(state.project, _STAGES.get(receipt.stage, "injection.used"), told)

    async def _escalate(self, state: SessionState, reason: str, trigger: EscalationTrigger) -> None:
        workspace = await self._owner(state.project)
        made, is_new = await self._escalations.request(workspace, state.id, reason, trigger)
        if is_new:
            told = {"call_sid": call_of(state.id), "escalation_id": made.id, "trigger": trigger, "reason": reason}
            self._events.tell(workspace, "call.escalated", told)

    async def _withdraw(self, state: SessionState) -> None:
        """The agent goes on without anybody having come."""
        escalation = await self._escalations.of(state.id)
        if escalation is not None and escalation.status == "requested":
            await self._complete(state.project, state.id, "withdrawn")

    async def _complete(self, project: ProjectID, session: SessionID, outcome: str) -> bool:
        done = await self._escalations.complete(session)
        if done is not None:
            told = {"call_sid": call_of(session), "escalation_id": done.id, "outcome": outcome}
            await self._tell_now(project, "escalation.completed", told)
        return done is not None

    async def _close(self, project: ProjectID, session: SessionID, type: str, told: dict[str, Any]) -> None:
        if await self._complete(project, session, "session_ended") and "escalated" in told:
            told["escalated"] = True
        await self._when_over(session)
        await self._tell_now(project, type, told)

    async def _begin(self, state: SessionState, type: str) -> None:
        workspace = await self._owner(state.project)
        self._events.tell(workspace, type, _begun(state, service_of(workspace, state)))

    async def _tell_now(self, project: ProjectID, type: str, told: dict[str, Any]) -> None:
        self._events.tell(await self._owner(project), type, told)

    async def _owner(self, project: ProjectID) -> WorkspaceID:
        return (await self._workspaces.owner_of(project)).id


def _begun(state: SessionState, service: str) -> dict[str, Any]:
    contact = state.contact
    if contact.channel == VOICE:
        names = {"call_sid": call_of(state.id), "service_id": service}
        return {**names, "direction": contact.direction, "caller_id": contact.caller}
    return {**_text(state), "service_id": service, "entity_id": contact.entity}


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
