"""What waits for people: the queue, escalations, the dashboard and what operators did (platform API, section 5)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from parley.domain.ids import SessionID
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.escalation_shapes import (
    ActiveEscalation,
    Bucket,
    Dashboard,
    EscalationEvent,
    EscalationStats,
    Performance,
    PerformanceItem,
    Period,
    Queue,
    StatusCounts,
    daily_stats,
    escalation_events,
    escalation_shown,
    queue_item,
)
from parley.transports.platform.shapes import Limit, Paginated, Token, page_of
from parley.transports.platform.turn_shapes import at
from parley.workspaces.escalations import NONE, Handled

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
LIVE = 1_000
_DAYS = {"day": 1, "week": 7, "month": 30}


@router.get("/queue")
async def get_operator_queue(caller: Called, estate: TheEstate) -> Queue:
    """Live conversations, those that wait for a person first. Who looks is in the audit trail."""
    workspace = caller.workspace
    await estate.audit.note_look(caller.key, "operator.viewed_queue", {})
    live = await estate.talks.list(workspace, is_live=True, at_most=LIVE)
    states = {state.id: state for state in live.states}
    active = {each.session: each for each in await estate.escalations.list(workspace.id) if each.is_active}
    for session in active.keys() - states.keys():
        found = await estate.talks.live(SessionID(session))
        if found is not None:
            states[found.id] = found.state()
    names = {service.id: service.name for service in await estate.services.of(workspace)}
    now = estate.clock.now_ms()
    items = [queue_item(state, active.get(state.id), workspace.id, now, names) for state in states.values()]
    items.sort(key=lambda item: -item.priority_score)
    return Queue(workspace_id=UUID(workspace.id), total_active=live.total, queue=items)


@router.get("/escalations")
async def list_escalations(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[EscalationEvent]:
    """What became of all escalations, newest first."""
    found = await estate.escalations.list(caller.workspace.id)
    told = [event for each in found for event in reversed([*escalation_events(each)])]
    told.sort(key=lambda event: event.created_at, reverse=True)
    return page_of(told, limit, continuation_token)


@router.get("/escalations/active")
async def list_active_escalations(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[ActiveEscalation]:
    """Where a person is asked for, or is."""
    now = estate.clock.now_ms()
    found = [each for each in await estate.escalations.list(caller.workspace.id) if each.is_active]
    return page_of([escalation_shown(each, now) for each in found], limit, continuation_token)


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
        active_escalations=sum(each.is_active for each in escalations),
        escalations_today=daily_stats(today),
        recent_escalations=[escalation_shown(each, now) for each in escalations[:10]],
    )


@router.get("/performance")
async def operator_performance_summary(caller: Called, estate: TheEstate) -> Performance:
    """What the operators have done."""
    operators = await estate.operators.list(caller.workspace.id)
    handled = await estate.escalations.handled(caller.workspace.id)
    statuses = Counter(each.status for each in operators)
    whole = Handled(sum(each.count for each in handled.values()), sum(each.ms for each in handled.values()))
    items = [
        PerformanceItem(
            operator_id=UUID(each.id),
            name=each.name,
            status=each.status,
            total_escalations_handled=handled.get(each.id, NONE).count,
            avg_handle_time_seconds=handled.get(each.id, NONE).average_seconds,
            last_call_at=None if each.last_call_at is None else at(each.last_call_at),
        )
        for each in operators
    ]
    return Performance(
        workspace_id=UUID(caller.workspace.id),
        total_operators=len(operators),
        online=statuses["online"],
        busy=statuses["busy"],
        offline=statuses["offline"],
        total_escalations_handled=whole.count,
        avg_handle_time_seconds=whole.average_seconds,
        operators=items,
    )
