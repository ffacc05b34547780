"""What waits for people, and what they did: queue, escalations and dashboard (platform API, sections 4.3 and 5)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.ids import SessionID
from parley.domain.operator import Escalation, Operator
from parley.domain.state import SessionState
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import Limit, Paginated, Token, moment, page_of
from parley.transports.platform.turn_shapes import at
from parley.workspaces.escalations import OPEN

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
LONG_WAIT_SECONDS = 60.0
LIVE = 1_000
Period = Literal["day", "week", "month"]
_DAYS = {"day": 1, "week": 7, "month": 30}


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
    direction: str
    caller_id: str
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
    """What the operators have done, each and together."""

    workspace_id: UUID
    total_operators: int
    online: int
    busy: int
    offline: int
    total_escalations_handled: int
    avg_handle_time_seconds: float
    operators: list[PerformanceItem]


@router.get("/queue")
async def get_operator_queue(caller: Called, estate: TheEstate) -> Queue:
    """Live conversations, those that wait for a person first."""
    live = await estate.talks.list(caller.workspace, is_live=True, channel=None, at_most=LIVE, skipped=0)
    now = estate.clock.now_ms()
    opened = {each.session: each for each in await estate.escalations.list(caller.workspace.id, is_open=True)}
    items = [_item(state, opened.get(state.id), now) for state in live.states]
    items.sort(key=lambda item: -item.priority_score)
    return Queue(workspace_id=UUID(caller.workspace.id), total_active=live.total, queue=items)


@router.get("/escalations")
async def list_escalations(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[EscalationEvent]:
    """All escalations, newest first."""
    found = await estate.escalations.list(caller.workspace.id)
    return page_of([_event(each) for each in found], limit, continuation_token)


@router.get("/escalations/active")
async def list_active_escalations(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[ActiveEscalation]:
    """The escalations that are not over."""
    now = estate.clock.now_ms()
    found = await estate.escalations.list(caller.workspace.id, is_open=True)
    return page_of([_active(each, now) for each in found], limit, continuation_token)


@router.get("/escalations/stats")
async def escalation_stats(
    caller: Called,
    estate: TheEstate,
    period: Annotated[Period, Query()] = "day",
    group_by: Annotated[Literal["status", "trigger", "operator"], Query()] = "status",
) -> EscalationStats:
    """The escalations of a period, counted."""
    since = estate.clock.now_ms() - _DAYS[period] * 24 * 60 * 60 * 1000
    found = [each for each in await estate.escalations.list(caller.workspace.id) if each.requested_at >= since]
    counted = Counter(str(getattr(each, group_by) or "none") for each in found)
    return EscalationStats(
        workspace_id=UUID(caller.workspace.id),
        period=period,
        group_by=group_by,
        buckets=[Bucket(key=key, count=count) for key, count in counted.most_common()],
        total=len(found),
    )


@router.get("/dashboard")
async def operator_dashboard(caller: Called, estate: TheEstate) -> Dashboard:
    """Operators and escalations at a glance."""
    now = estate.clock.now_ms()
    operators = Counter(each.status for each in await estate.operators.list(caller.workspace.id))
    escalations = await estate.escalations.list(caller.workspace.id)
    day = timedelta(days=1).total_seconds() * 1000
    today = [each for each in escalations if each.requested_at > now - day]
    return Dashboard(
        workspace_id=UUID(caller.workspace.id),
        operators=StatusCounts(
            total=operators.total(),
            online=operators["online"],
            busy=operators["busy"],
            offline=operators["offline"],
        ),
        active_escalations=sum(each.status in OPEN for each in escalations),
        escalations_today=_daily(today),
        recent_escalations=[_active(each, now) for each in escalations[:10]],
    )


@router.get("/performance")
async def operator_performance_summary(caller: Called, estate: TheEstate) -> Performance:
    """What the operators have done."""
    operators = await estate.operators.list(caller.workspace.id)
    counted = Counter(each.status for each in operators)
    handled = sum(each.handled for each in operators)
    return Performance(
        workspace_id=UUID(caller.workspace.id),
        total_operators=len(operators),
        online=counted["online"],
        busy=counted["busy"],
        offline=counted["offline"],
        total_escalations_handled=handled,
        avg_handle_time_seconds=sum(each.handle_ms for each in operators) / 1000 / handled if handled else 0.0,
        operators=[_performance(each) for each in operators],
    )


def _performance(operator: Operator) -> PerformanceItem:
    handled, last = operator.handled, operator.last_call_at
    return PerformanceItem(
        operator_id=UUID(operator.id),
        name=operator.name,
        status=operator.status,
        total_escalations_handled=handled,
        avg_handle_time_seconds=operator.handle_ms / 1000 / handled if handled else 0.0,
        last_call_at=None if last is None else at(last),
    )


def _item(state: SessionState, escalation: Escalation | None, now_ms: int) -> QueueItem:
    """Whoever waits for a person comes first; the longer, the more so."""
    waits = escalation is not None and escalation.status == "requested"
    waited = 0.0 if escalation is None or not waits else (now_ms - escalation.requested_at) / 1000
    score = min(1.0, 0.6 + waited / 600) if waits else (0.3 if escalation is not None else 0.1)
    return QueueItem(
        call_sid=call_of(state.id),
        priority_score=round(score, 3),
        priority_reasons=["long_wait"] if waited >= LONG_WAIT_SECONDS else [],
        current_state=state.stack[-1].workflow if state.stack else "",
        escalation_active=escalation is not None,
        wait_seconds=waited,
        turn_count=state.revision,
        service_id=state.contact.service or "",
        direction=state.contact.direction,
        caller_id=state.contact.caller,
        started_at=moment(state.created_at),
        brief_context=None if escalation is None else escalation.reason,
    )


def _active(escalation: Escalation, now_ms: int) -> ActiveEscalation:
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


def _event(escalation: Escalation) -> EscalationEvent:
    asked_at = moment(escalation.requested_at)
    data = {
        "call_sid": call_of(SessionID(escalation.session)),
        "status": escalation.status,
        "trigger": escalation.trigger,
        "reason": escalation.reason,
        "operator_id": escalation.operator,
    }
    return EscalationEvent(
        id=UUID(escalation.id),
        workspace_id=UUID(escalation.workspace),
        event_type=f"escalation.{escalation.status}",
        data=data,
        created_at=asked_at,
        ingested_at=asked_at,
    )


def _daily(today: list[Escalation]) -> DailyStats:
    waits = [(e.connected_at - e.requested_at) / 1000 for e in today if e.connected_at is not None]
    handled = [
        (e.completed_at - e.connected_at) / 1000
        for e in today
        if e.completed_at is not None and e.connected_at is not None
    ]
    return DailyStats(
        requested=len(today),
        connected=len(waits),
        completed=sum(e.completed_at is not None for e in today),
        avg_wait_seconds=sum(waits) / len(waits) if waits else None,
        avg_handle_time_seconds=sum(handled) / len(handled) if handled else None,
    )
