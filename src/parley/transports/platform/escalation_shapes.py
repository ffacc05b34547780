"""What waits for people, as clients see it: the queue, escalations and the dashboard (platform API, section 4.3)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.ids import SessionID
from parley.domain.operator import Escalation
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID
from parley.transports.platform.shapes import moment
from parley.transports.platform.turn_shapes import at
from parley.workspaces.services import service_of

LONG_WAIT_SECONDS = 60.0
Period = Literal["day", "week", "month"]
PHONE = re.compile(r"\+[1-9]\d{1,14}")


class ActiveEscalation(BaseModel):
    """A conversation in which a person is asked for, or is."""

    call_entity_id: UUID
    call_sid: str
    escalation_id: str
    status: Literal["none", "requested", "connected", "handback", "completed"]
    immediate: bool = False
    trigger: str
    trigger_source: str | None = None
    concept: str | None = None
    operator_entity_id: UUID | None
    requested_at: str
    connected_at: str | None
    wait_seconds: float


class EscalationEvent(BaseModel):
    """An escalation, as the log has it."""

    id: UUID
    workspace_id: UUID
    event_type: str
    data: dict[str, Any]
    source: str = "parley"
    confidence: float = 1.0
    created_at: datetime
    ingested_at: datetime


class Bucket(BaseModel):
    """How many there were of one kind."""

    key: str
    count: int


class EscalationStats(BaseModel):
    """Escalations of a period, counted."""

    workspace_id: UUID
    period: Period
    group_by: str
    buckets: list[Bucket]
    total: int


class QueueItem(BaseModel):
    """A live conversation, and why somebody should look at it. Nothing here guesses at emotions."""

    call_sid: str
    priority_score: float
    priority_reasons: list[str]
    current_state: str
    escalation_active: bool
    wait_seconds: float
    turn_count: int
    service_id: str
    service_name: str | None = None
    direction: str
    caller_id: str
    caller_phone: str | None = None
    entity_name: str | None = None
    started_at: datetime
    brief_context: str | None = None


class Queue(BaseModel):
    """Live conversations, the most urgent first."""

    workspace_id: UUID
    total_active: int
    queue: list[QueueItem]


class StatusCounts(BaseModel):
    """How many operators are free."""

    total: int
    online: int
    busy: int
    offline: int


class DailyStats(BaseModel):
    """The escalations of the last day."""

    requested: int
    connected: int
    completed: int
    avg_wait_seconds: float | None
    avg_handle_time_seconds: float | None


class Dashboard(BaseModel):
    """Operators and escalations at a glance."""

    workspace_id: UUID
    operators: StatusCounts
    active_escalations: int
    escalations_today: DailyStats
    recent_escalations: list[ActiveEscalation]


class PerformanceItem(BaseModel):
    """What an operator has done."""

    operator_id: UUID
    name: str | None
    status: Literal["online", "busy", "offline"]
    total_escalations_handled: int
    avg_handle_time_seconds: float
    last_call_at: str | None


class Performance(BaseModel):
    """What the operators have done."""

    workspace_id: UUID
    total_operators: int
    online: int
    busy: int
    offline: int
    total_escalations_handled: int
    avg_handle_time_seconds: float
    operators: list[PerformanceItem]


def queue_item(
    state: SessionState, escalation: Escalation | None, workspace: WorkspaceID, now_ms: int, services: dict[str, str]
) -> QueueItem:
    """Whoever waits for a person comes first; the longer, the more so. `services`: their names, by id."""
    waits = escalation is not None and escalation.status == "requested"
    waited = 0.0 if escalation is None or not waits else (now_ms - escalation.requested_at) / 1000
    score = min(1.0, 0.6 + waited / 600) if waits else (0.3 if escalation is not None else 0.1)
    contact, service = state.contact, service_of(workspace, state)
    return QueueItem(
        call_sid=call_of(state.id),
        priority_score=round(score, 3),
        priority_reasons=["long_wait"] if waited >= LONG_WAIT_SECONDS else [],
        current_state=state.stack[-1].workflow if state.stack else "",
        escalation_active=escalation is not None,
        wait_seconds=waited,
        turn_count=state.revision,
        service_id=service,
        service_name=services.get(service),
        direction=contact.direction,
        caller_id=contact.caller,
        caller_phone=contact.caller if PHONE.fullmatch(contact.caller) else None,
        entity_name=contact.caller if contact.entity is not None and contact.caller else None,
        started_at=moment(state.created_at),
        brief_context=None if escalation is None else escalation.reason,
    )


def escalation_shown(escalation: Escalation, now_ms: int) -> ActiveEscalation:
    """One that is looked at now."""
    session = SessionID(escalation.session)
    until = escalation.connected_at or escalation.completed_at or now_ms
    return ActiveEscalation(
        call_entity_id=UUID(conversation_of(session)),
        call_sid=call_of(session),
        escalation_id=escalation.id,
        status=escalation.status,
        trigger=escalation.trigger,
        concept=escalation.reason,
        operator_entity_id=None if escalation.operator is None else UUID(escalation.operator),
        requested_at=at(escalation.requested_at),
        connected_at=None if escalation.connected_at is None else at(escalation.connected_at),
        wait_seconds=max(0, until - escalation.requested_at) / 1000,
    )


def escalation_events(escalation: Escalation) -> Iterator[EscalationEvent]:
    """What became of one, step by step."""
    yield _event(escalation, "requested", escalation.requested_at, escalation.operator)
    for n, each in enumerate(escalation.served):
        yield _event(escalation, "connected", each.since, each.operator, n)
        if each.until is not None and each.until != escalation.completed_at:
            yield _event(escalation, "handback", each.until, each.operator, n)
    if escalation.completed_at is not None:
        yield _event(escalation, "completed", escalation.completed_at, escalation.operator)


def daily_stats(today: Sequence[Escalation]) -> DailyStats:
    """Some escalations, counted."""
    waits = [(e.connected_at - e.requested_at) / 1000 for e in today if e.connected_at is not None]
    handled = [e.handle_ms / 1000 for e in today if e.handle_ms is not None]
    return DailyStats(
        requested=len(today),
        connected=len(waits),
        completed=sum(e.completed_at is not None for e in today),
        avg_wait_seconds=sum(waits) / len(waits) if waits else None,
        avg_handle_time_seconds=sum(handled) / len(handled) if handled else None,
    )


def _event(escalation: Escalation, step: str, at_ms: int, operator: str | None, n: int = 0) -> EscalationEvent:
    data: dict[str, Any] = {
        "escalation_id": escalation.id,
        "call_sid": call_of(SessionID(escalation.session)),
        "status": escalation.status,
        "trigger": escalation.trigger,
        "reason": escalation.reason,
        "operator_id": operator,
    }
    return EscalationEvent(
        id=uuid.uuid5(UUID(escalation.id), f"{step} {n}"),
        workspace_id=UUID(escalation.workspace),
        event_type=f"escalation.{step}",
        data=data,
        created_at=moment(at_ms),
        ingested_at=moment(at_ms),
    )
