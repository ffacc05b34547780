"""Operators: who they are, and what they do in conversations (platform API, section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.conversation_names import call_of
from parley.domain.ids import SessionID
from parley.domain.operator import Mode, Operator, OperatorStatus
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.entity_routes import Email
from parley.transports.platform.shapes import Limit, Name, Paginated, Phone, Token, moment, page_of

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
Connection = Literal["browser", "phone"]
Rank = Literal["operator", "supervisor", "admin"]
Kind = Literal["clinical", "administrative", "crisis_counselor"]
Sid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Skills = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=50)]
_ACTIONS = Literal[
    "operator.registered",
    "operator.status_changed",
    "operator.profile_updated",
    "operator.joined_call",
    "operator.mode_changed",
    "operator.mode_switched",
    "operator.left_call",
    "operator.access_token_generated",
    "operator.guidance_sent",
    "operator.wrap_up",
    "operator.viewed_transcript",
    "operator.spoke",
]


class OperatorBody(BaseModel):
    """A new operator."""

    name: Name
    email: Email
    type: Kind = "clinical"
    role: Rank = "operator"
    connection_method: Connection = "browser"
    phone_number: Phone | None = None
    skills: Skills = []


class OperatorChange(BaseModel):
    """What is to change; what is left out stays."""

    name: Name | None = None
    email: Email | None = None
    type: Kind | None = None
    role: Rank | None = None
    connection_method: Connection | None = None
    phone_number: Phone | None = None
    skills: Skills | None = None
    status: OperatorStatus | None = None


class OperatorShown(BaseModel):
    """An operator."""

    id: UUID
    workspace_id: UUID
    name: str | None
    email: str | None
    type: str | None
    role: str
    connection_method: str
    phone_number: str | None
    skills: list[str]
    status: OperatorStatus
    active_call_sid: str | None
    total_escalations_handled: int
    avg_handle_time_seconds: float
    last_call_at: str | None
    last_status_change: str | None
    created_at: datetime
    updated_at: datetime


class JoinBody(BaseModel):
    """Which conversation, and how."""

    call_sid: Sid
    mode: Mode = "takeover"


class JoinAnswer(BaseModel):
    """The operator is in it."""

    participant_call_sid: str
    conference_sid: str
    mode: Mode
    operator_entity_id: UUID


class SwitchBody(BaseModel):
    """From listening to having it, or back."""

    call_sid: Sid
    mode: Mode
    participant_call_sid: Annotated[str, StringConstraints(max_length=64)] = ""


class SwitchAnswer(BaseModel):
    """How the operator is in it from here on."""

    mode: Mode


class CallBody(BaseModel):
    """Which conversation."""

    call_sid: Sid


class GuidanceBody(CallBody):
    """What the agent is to heed."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=5000)]


class GuidanceAnswer(BaseModel):
    """Whether it reached the agent; its receipt is read under `injection_id`."""

    status: Literal["delivered", "queued_no_subscriber"]
    call_sid: str
    injection_id: str


class SayBody(CallBody):
    """What the user is told."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class SayAnswer(BaseModel):
    """The turn in which it was said."""

    turn_id: str
    call_sid: str


class WrapUpBody(CallBody):
    """How it went."""

    outcome: Literal["resolved", "escalated", "transferred"]
    notes: Annotated[str, StringConstraints(max_length=2000)] = ""


class Done(BaseModel):
    """It is done."""

    success: bool = True


class AuditShown(BaseModel):
    """An entry of the audit trail."""

    id: UUID
    workspace_id: UUID
    event_type: str
    source: str = "parley"
    data: dict[str, Any]
    created_at: datetime
    ingested_at: datetime


@router.post("", status_code=201)
async def create_operator(body: OperatorBody, caller: Called, estate: TheEstate) -> OperatorShown:
    """Register an operator; this key may act for them."""
    given = body.model_dump(exclude={"name", "email"})
    given["skills"] = tuple(given["skills"])
    made = await estate.operators.register(caller.workspace.id, body.name, body.email, caller.key.id, **given)
    await estate.audit.note(caller.key, "operator.registered", {"operator_id": made.id})
    estate.events.tell(caller.workspace.id, "operator.registered", {"operator_id": made.id, "name": made.name})
    return _shown(made)


@router.get("")
async def list_operators(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[OperatorShown]:
    """The operators of the workspace."""
    found = await estate.operators.list(caller.workspace.id)
    return page_of([_shown(operator) for operator in found], limit, continuation_token)


@router.get("/audit-log")
async def list_audit_log(
    caller: Called,
    estate: TheEstate,
    operator_id: UUID | None = None,
    action: Annotated[_ACTIONS | None, Query()] = None,
    limit: Limit = 10,
    continuation_token: Token = 0,
) -> Paginated[AuditShown]:
    """Who did what to which conversation, newest first."""
    found = await estate.audit.list(
        caller.workspace.id,
        operator=None if operator_id is None else str(operator_id),
        type=action,
        at_most=limit + 1,
        skipped=continuation_token,
    )
    shown = [
        AuditShown(
            id=UUID(entry.id),
            workspace_id=UUID(entry.workspace),
            event_type=entry.type,
            data={**entry.data, "key_id": entry.by},
            created_at=moment(entry.at),
            ingested_at=moment(entry.at),
        )
        for entry in found
    ]
    has_more = len(shown) > limit
    following = continuation_token + limit if has_more else None
    return Paginated(items=shown[:limit], has_more=has_more, continuation_token=following)


@router.get("/{operator_id}")
async def get_operator(operator_id: UUID, caller: Called, estate: TheEstate) -> OperatorShown:
    """One operator."""
    return _shown(await estate.operators.get(caller.workspace.id, str(operator_id)))


@router.patch("/{operator_id}")
async def update_operator(operator_id: UUID, body: OperatorChange, caller: Called, estate: TheEstate) -> OperatorShown:
    """Change what is known of an operator, or whether they are free."""
    await estate.supervising.operator(caller.workspace, str(operator_id), caller.key)
    given = body.model_dump(exclude_unset=True)
    if given.get("skills") is not None:
        given["skills"] = tuple(given["skills"])
    changes = {name: value for name, value in given.items() if value is not None or name == "phone_number"}
    changed = await estate.operators.change(caller.workspace.id, str(operator_id), **changes)
    type = "operator.status_changed" if set(changes) == {"status"} else "operator.profile_updated"
    told = {"operator_id": changed.id, "status": changed.status}
    await estate.audit.note(caller.key, type, told)
    estate.events.tell(caller.workspace.id, type, told)
    return _shown(changed)


@router.post("/{operator_id}/join-call")
async def operator_join_call(operator_id: UUID, body: JoinBody, caller: Called, estate: TheEstate) -> JoinAnswer:
    """Listen to a conversation, or take it over: then the agent is silent."""
    operator = await estate.supervising.join(caller.workspace, str(operator_id), body.call_sid, body.mode, caller.key)
    sid = call_of(SessionID(operator.call or ""))
    return JoinAnswer(
        participant_call_sid=f"OP{operator.id.replace('-', '')}",
        conference_sid=f"CF{sid[2:]}",
        mode=body.mode,
        operator_entity_id=operator_id,
    )


@router.post("/{operator_id}/switch-mode")
async def operator_switch_mode(operator_id: UUID, body: SwitchBody, caller: Called, estate: TheEstate) -> SwitchAnswer:
    """From listening to having it, or back."""
    await estate.supervising.switch(caller.workspace, str(operator_id), body.call_sid, body.mode, caller.key)
    return SwitchAnswer(mode=body.mode)


@router.post("/{operator_id}/leave-call")
async def operator_leave_call(operator_id: UUID, body: CallBody, caller: Called, estate: TheEstate) -> Done:
    """Leave; the agent goes on."""
    await estate.supervising.leave(caller.workspace, str(operator_id), body.call_sid, caller.key)
    return Done()


@router.post("/{operator_id}/send-guidance")
async def operator_send_guidance(
    operator_id: UUID, body: GuidanceBody, caller: Called, estate: TheEstate
) -> GuidanceAnswer:
    """Coach the agent; the user notices nothing."""
    receipt = await estate.supervising.guide(
        caller.workspace, str(operator_id), body.call_sid, body.message, caller.key
    )
    return GuidanceAnswer(status=receipt.status, call_sid=body.call_sid, injection_id=receipt.injection.id)


@router.post("/{operator_id}/say")
async def operator_say(operator_id: UUID, body: SayBody, caller: Called, estate: TheEstate) -> SayAnswer:
    """Speak to the user, as who has the conversation."""
    turn = await estate.supervising.say(caller.workspace, str(operator_id), body.call_sid, body.text, caller.key)
    return SayAnswer(turn_id=turn, call_sid=body.call_sid)


@router.post("/{operator_id}/wrap-up")
async def operator_wrap_up(operator_id: UUID, body: WrapUpBody, caller: Called, estate: TheEstate) -> Done:
    """Say how it went."""
    await estate.supervising.wrap_up(
        caller.workspace, str(operator_id), body.call_sid, body.outcome, body.notes, caller.key
    )
    return Done()


def _shown(operator: Operator) -> OperatorShown:
    handled = operator.handled
    return OperatorShown(
        id=UUID(operator.id),
        workspace_id=UUID(operator.workspace),
        name=operator.name,
        email=operator.email,
        type=operator.type,
        role=operator.role,
        connection_method=operator.connection_method,
        phone_number=operator.phone_number,
        skills=list(operator.skills),
        status=operator.status,
        active_call_sid=None if operator.call is None else call_of(SessionID(operator.call)),
        total_escalations_handled=handled,
        avg_handle_time_seconds=operator.handle_ms / 1000 / handled if handled else 0.0,
        last_call_at=None if operator.last_call_at is None else moment(operator.last_call_at).isoformat(),
        last_status_change=moment(operator.status_changed_at).isoformat(),
        created_at=moment(operator.created_at),
        updated_at=moment(operator.updated_at),
    )
