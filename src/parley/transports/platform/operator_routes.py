"""Operators: who they are, and what they do in conversations (platform API, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.conversation_names import call_of, conference_of, participant_of
from parley.domain.ids import SessionID
from parley.domain.operator import Connection, Mode, Operator, OperatorRole, OperatorStatus, OperatorType
from parley.transports.platform.access import Called, Caller, TheEstate
from parley.transports.platform.shapes import Email, Limit, Name, Paginated, Phone, Sid, Spoken, Token, moment, page_of
from parley.workspaces.escalations import NONE, Handled
from parley.workspaces.estate import Estate
from parley.workspaces.telephone import NO_BROWSER_AUDIO, NoTelephone

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
ON_CALLS: dict[int | str, dict[str, Any]] = {
    404: {"description": "Operator or active call not found."},
    409: {"description": "The operator is on another call, or somebody else has this one."},
    503: {"description": "Voice agent service unavailable."},
}
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
    "operator.viewed_queue",
    "session.injected",
]


class OperatorBody(BaseModel):
    """A new operator."""

    name: Name
    email: Email
    type: OperatorType = "clinical"
    role: OperatorRole = "operator"
    connection_method: Connection = "browser"
    phone_number: Phone | None = None
    skills: Skills = []


class OperatorChange(BaseModel):
    """What is to change; what is left out stays."""

    name: Name | None = None
    email: Email | None = None
    type: OperatorType | None = None
    role: OperatorRole | None = None
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
    type: OperatorType | None
    role: OperatorRole
    connection_method: Connection
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

    text: Spoken


class SayAnswer(BaseModel):
    """The turn in which it was said."""

    turn_id: str
    call_sid: str


class AccessTokenAnswer(BaseModel):
    """What a browser needs to be heard in a call."""

    token: str
    identity: str
    conference_sid: str
    connect_params: dict[str, str] = {}


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
    digest: str


@router.post("", status_code=201)
async def create_operator(body: OperatorBody, caller: Called, estate: TheEstate) -> OperatorShown:
    """Register an operator; this key may act for them."""
    given = body.model_dump(exclude={"name", "email"})
    given["skills"] = tuple(given["skills"])
    made = await estate.operators.register(caller.workspace.id, body.name, body.email, caller.key.id, **given)
    await estate.audit.note(caller.key, "operator.registered", {"operator_id": made.id})
    estate.events.tell(caller.workspace.id, "operator.registered", {"operator_id": made.id, "name": made.name})
    return _shown(made, NONE)


@router.get("")
async def list_operators(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[OperatorShown]:
    """The operators of the workspace."""
    found = await estate.operators.list(caller.workspace.id)
    handled = await estate.escalations.handled(caller.workspace.id)
    return page_of([_shown(each, handled.get(each.id, NONE)) for each in found], limit, continuation_token)


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
            digest=entry.digest,
        )
        for entry in found
    ]
    has_more = len(shown) > limit
    following = continuation_token + limit if has_more else None
    return Paginated(items=shown[:limit], has_more=has_more, continuation_token=following)


@router.get("/{operator_id}")
async def get_operator(operator_id: UUID, caller: Called, estate: TheEstate) -> OperatorShown:
    """One operator."""
    found = await estate.operators.get(caller.workspace.id, str(operator_id))
    return _shown(found, (await estate.escalations.handled(caller.workspace.id)).get(found.id, NONE))


@router.patch("/{operator_id}")
async def update_operator(operator_id: UUID, body: OperatorChange, caller: Called, estate: TheEstate) -> OperatorShown:
    """Change what is known of an operator, or whether they are free."""
    await estate.operators.served_by(caller.key, str(operator_id))
    given = body.model_dump(exclude_unset=True)
    if given.get("skills") is not None:
        given["skills"] = tuple(given["skills"])
    changes = {name: value for name, value in given.items() if value is not None or name == "phone_number"}
    changed = await estate.operators.change(caller.workspace.id, str(operator_id), **changes)
    await _tell_changes(changed, changes, caller, estate)
    return _shown(changed, (await estate.escalations.handled(caller.workspace.id)).get(changed.id, NONE))


async def _tell_changes(changed: Operator, changes: Mapping[str, Any], caller: Caller, estate: Estate) -> None:
    """A status and a profile are told apart. The trail says what was changed, and not into what."""
    named = {"operator_id": changed.id}
    if "status" in changes:
        told = {**named, "status": changed.status}
        await estate.audit.note(caller.key, "operator.status_changed", told)
        estate.events.tell(caller.workspace.id, "operator.status_changed", told)
    profile = {field: value for field, value in changes.items() if field != "status"}
    if profile:
        shown = {field: ", ".join(value) if isinstance(value, tuple) else value for field, value in profile.items()}
        await estate.audit.note(caller.key, "operator.profile_updated", {**named, "changed": sorted(profile)})
        estate.events.tell(caller.workspace.id, "operator.profile_updated", {**named, "changes": shown})


@router.post("/{operator_id}/join-call", responses=ON_CALLS)
async def operator_join_call(operator_id: UUID, body: JoinBody, caller: Called, estate: TheEstate) -> JoinAnswer:
    """Listen to a conversation, or take it over: then the agent is silent."""
    operator = await estate.supervising.join(caller.workspace, str(operator_id), body.call_sid, body.mode, caller.key)
    return JoinAnswer(
        participant_call_sid=participant_of(operator.id),
        conference_sid=conference_of(SessionID(operator.call or "")),
        mode=body.mode,
        operator_entity_id=operator_id,
    )


@router.post("/{operator_id}/switch-mode", responses=ON_CALLS)
async def operator_switch_mode(operator_id: UUID, body: SwitchBody, caller: Called, estate: TheEstate) -> SwitchAnswer:
    """From listening to having it, or back."""
    await estate.supervising.switch(caller.workspace, str(operator_id), body.call_sid, body.mode, caller.key)
    return SwitchAnswer(mode=body.mode)


@router.post("/{operator_id}/leave-call", responses=ON_CALLS)
async def operator_leave_call(operator_id: UUID, body: CallBody, caller: Called, estate: TheEstate) -> Done:
    """Leave; the agent goes on."""
    await estate.supervising.leave(caller.workspace, str(operator_id), body.call_sid, caller.key)
    return Done()


@router.post("/{operator_id}/send-guidance", responses=ON_CALLS)
async def operator_send_guidance(
    operator_id: UUID, body: GuidanceBody, caller: Called, estate: TheEstate
) -> GuidanceAnswer:
    """Coach the agent; the user notices nothing."""
    receipt, _ = await estate.supervising.guide(
        caller.workspace, str(operator_id), body.call_sid, body.message, caller.key
    )
    return GuidanceAnswer(status=receipt.status, call_sid=body.call_sid, injection_id=receipt.injection.id)


@router.post("/{operator_id}/say", responses=ON_CALLS)
async def operator_say(operator_id: UUID, body: SayBody, caller: Called, estate: TheEstate) -> SayAnswer:
    """Speak to the user, as who has the conversation."""
    turn = await estate.supervising.say(caller.workspace, str(operator_id), body.call_sid, body.text, caller.key)
    return SayAnswer(turn_id=turn, call_sid=body.call_sid)


@router.post(
    "/{operator_id}/access-token",
    responses={
        404: {"description": "Operator or active call not found."},
        503: {"description": "Browser audio not configured or voice agent unavailable."},
    },
)
async def operator_access_token(
    operator_id: UUID, body: CallBody, caller: Called, estate: TheEstate
) -> AccessTokenAnswer:
    """What a browser needs to be heard in a call. 503 where there is no telephone line."""
    operator = await estate.operators.served_by(caller.key, str(operator_id))
    session = (await estate.supervising.live(caller.workspace, body.call_sid)).id
    if estate.telephone is None:
        raise NoTelephone(NO_BROWSER_AUDIO)
    made = await estate.telephone.token(operator, session)
    told = {"operator_id": operator.id, "session_id": session, "call_sid": call_of(session)}
    await estate.audit.note(caller.key, "operator.access_token_generated", told)
    return AccessTokenAnswer(
        token=made.token,
        identity=made.identity,
        conference_sid=conference_of(session),
        connect_params=dict(made.connect_params),
    )


@router.post("/{operator_id}/wrap-up")
async def operator_wrap_up(operator_id: UUID, body: WrapUpBody, caller: Called, estate: TheEstate) -> Done:
    """Say how it went."""
    await estate.supervising.wrap_up(
        caller.workspace, str(operator_id), body.call_sid, body.outcome, body.notes, caller.key
    )
    return Done()


def _shown(operator: Operator, handled: Handled) -> OperatorShown:
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
        total_escalations_handled=handled.count,
        avg_handle_time_seconds=handled.average_seconds,
        last_call_at=None if operator.last_call_at is None else moment(operator.last_call_at).isoformat(),
        last_status_change=moment(operator.status_changed_at).isoformat(),
        created_at=moment(operator.created_at),
        updated_at=moment(operator.updated_at),
    )
