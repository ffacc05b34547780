"""Live sessions: list them, put a message into one, start one with a known person (seed 003)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.conversation_names import call_of, conversation_of, turn_name
from parley.domain.injection import InjectionKind, InjectionStage, InjectionStatus, Receipt
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID
from parley.errors import InvalidInput, NotFound
from parley.session.emitted import Emitted, emitted
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import CanonicalID, IdempotencyKey
from parley.transports.platform.turn_shapes import at
from parley.workspaces.services import service_of

router = APIRouter(prefix="/v1/{workspace_id}/sessions", tags=["Sessions"])
UNKNOWN = "Service or entity not found."
GONE = {404: {"description": "Session not found."}, 503: {"description": "Voice agent service unavailable."}}


class StartSessionRequest(BaseModel):
    """Exactly one of `entity_id` and `canonical_id`."""

    service_id: UUID
    entity_id: UUID | None = None
    canonical_id: CanonicalID | None = None
    channel_kind: Literal["web"]
    greeting: Annotated[str | None, Field(max_length=2000)] = None


class StartSessionResponse(BaseModel):
    """The conversation, and whether it was open already."""

    conversation_id: UUID
    session_status: Literal["created", "already_active"]
    channel_kind: Literal["web"]
    entity_id: UUID
    service_id: UUID
    created_at: str


class ActiveSession(BaseModel):
    """A voice session that is on the line."""

    call_sid: str
    caller_id: str
    direction: str
    duration_seconds: float
    service_id: UUID | None = None
    workspace_id: UUID | None = None
    current_state: str = ""
    scenario: str = ""


class InjectRequest(BaseModel):
    """A fact or guidance for a live session."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=5000)]
    sender: Annotated[str, StringConstraints(max_length=200)] = "System"
    event_type: InjectionKind = "external_event"


class InjectResponse(BaseModel):
    """Whether somebody is there to hear it now; its receipt is read under `injection_id`."""

    status: InjectionStatus
    call_sid: str
    injection_id: str


class InjectionShown(BaseModel):
    """What became of an injection, or of an event that was sent over the Conversations API (`event`)."""

    injection_id: str
    call_sid: str
    event_type: InjectionKind | Literal["event"]
    sender: str
    status: InjectionStatus
    stage: InjectionStage
    turn_id: str | None
    received_at: str
    changed_at: str


@router.get("/active")
async def list_active_sessions(
    caller: Called, estate: TheEstate, channel: Annotated[Literal["voice", "all"], Query()] = "voice"
) -> list[ActiveSession]:
    """The voice sessions that are on the line; `channel=all`: all live ones."""
    states = list(await estate.calls.active(caller.workspace.id))
    if channel == "all":
        known = {state.id for state in states}
        live = await estate.talks.list(caller.workspace, is_live=True, at_most=1_000)
        states += [state for state in live.states if state.id not in known and state.contact.channel != "voice"]
    now = estate.clock.now_ms()
    return [_active(state, caller.workspace.id, now) for state in states]


@router.post("/{call_sid}/inject", responses=GONE)  # type: ignore[arg-type]
async def inject_session_event(
    call_sid: str,
    body: InjectRequest,
    caller: Called,
    estate: TheEstate,
    key: IdempotencyKey = None,
) -> InjectResponse:
    """Put a fact or guidance into a live session: the agent uses it in its next response."""
    session = await estate.injecting.find(caller.workspace, call_sid)
    receipt, _ = await estate.injecting.inject(session, body.event_type, body.message, body.sender, caller.key, key=key)
    return InjectResponse(status=receipt.status, call_sid=call_sid, injection_id=receipt.injection.id)


@router.get("/{call_sid}/injections/{injection_id}", responses=GONE)  # type: ignore[arg-type]
async def get_injection(call_sid: str, injection_id: str, caller: Called, estate: TheEstate) -> InjectionShown:
    """The receipt of an injection."""
    session = await estate.injecting.recall(caller.workspace, call_sid)
    try:
        return _receipt(call_sid, await estate.injections.get(session.id, injection_id))
    except NotFound:
        return _event(call_sid, await emitted(session, injection_id))


def _active(state: SessionState, workspace: WorkspaceID, now_ms: int) -> ActiveSession:
    contact = state.contact
    return ActiveSession(
        call_sid=call_of(state.id),
        caller_id=contact.caller,
        direction=contact.direction,
        duration_seconds=max(0, now_ms - state.created_at) / 1000,
        service_id=UUID(service_of(workspace, state)),
        workspace_id=UUID(workspace),
        current_state=state.stack[-1].workflow if state.stack else "",
        scenario=contact.scenario,
    )


def _receipt(call_sid: str, receipt: Receipt) -> InjectionShown:
    injection = receipt.injection
    return InjectionShown(
        injection_id=injection.id,
        call_sid=call_sid,
        event_type=injection.kind,
        sender=injection.sender,
        status=receipt.status,
        stage=receipt.stage,
        turn_id=None if receipt.turn is None else turn_name(receipt.turn),
        received_at=at(injection.received_at),
        changed_at=at(receipt.changed_at),
    )


def _event(call_sid: str, event: Emitted) -> InjectionShown:
    return InjectionShown(
        injection_id=event.turn,
        call_sid=call_sid,
        event_type="event",
        sender="",
        status="delivered",
        stage=event.stage,
        turn_id=turn_name(event.turn),
        received_at=at(event.received_at),
        changed_at=at(event.changed_at),
    )


@router.post(
    "/start",
    status_code=201,
    responses={404: {"description": UNKNOWN}, 503: {"description": "Agent service unavailable."}},
)
async def start_text_session(body: StartSessionRequest, caller: Called, estate: TheEstate) -> StartSessionResponse:
    """Start a web text session with an entity, or find the one that is open."""
    if (body.entity_id is None) == (body.canonical_id is None):
        raise InvalidInput.at("entity_id", "exactly one of entity_id and canonical_id")
    try:
        service = await estate.services.get(caller.workspace, str(body.service_id))
        entity = (
            await estate.entities.get(caller.workspace.id, str(body.entity_id))
            if body.canonical_id is None
            else await estate.entities.of_canonical(caller.workspace.id, body.canonical_id)
        )
    except NotFound as error:
        raise NotFound(UNKNOWN, code=error.code) from error
    session, is_new = await estate.talks.with_entity(service, entity)
    if is_new or session.state().revision == 0:
        # One that was begun and could not be greeted is greeted by who asks again.
        await (await estate.talks.greet(session, body.greeting)).whole()
    return StartSessionResponse(
        conversation_id=UUID(conversation_of(session.id)),
        session_status="created" if is_new else "already_active",
        channel_kind="web",
        entity_id=UUID(entity.id),
        service_id=UUID(service.id),
        created_at=at(session.state().created_at),
    )
