"""Conversations: begin, list, read and close them (platform API, sections 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.domain.workspace import WorkspaceID
from parley.errors import InvalidInput
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import check_fit
from parley.transports.platform.turn_shapes import ConversationTurn, at, exchange_of
from parley.transports.platform.voice_detail import VoiceDetail, voice_of
from parley.workspaces.reporting import REASONS
from parley.workspaces.services import service_of
from parley.workspaces.talks import Briefing

router = APIRouter(prefix="/v1/{workspace_id}/conversations", tags=["Conversations"])
Channel = Literal["voice", "sms", "whatsapp", "web", "email"]
Status = Literal["active", "frozen", "closed", "completed", "in-progress", "failed"]
DORMANT_MS = 300_000
"""After so long without a turn an open conversation is dormant; a turn makes it active again."""
LONGEST_CONTEXT = 100_000
COMPLETED = ("end_of_diagram", "hangup", "max_duration")
_WANTED: dict[str | None, dict[str, Any]] = {
    None: {},
    "completed": {"endings": COMPLETED},
    "closed": {"other_endings": COMPLETED},
    "failed": {"endings": ()},
}
"""What a status asks for; every other one is that of conversations that are open."""


class ConversationBody(BaseModel):
    """With which service, and with whom.

    `instruction` is for models, `context` for models and, as variables, for flows: both for this conversation alone.
    """

    service_id: UUID
    channel: Channel = "web"
    entity_id: UUID | None = None
    auto_greet: bool = True
    start_mode: Literal["user_first", "agent_first"] | None = None
    context: Annotated[dict[str, Any] | None, Field(max_length=50)] = None
    instruction: Annotated[str | None, Field(max_length=10_000)] = None
    force_new: bool = False
    recipient: str | None = None
    use_case_id: str | None = None

    @property
    def greets(self) -> bool:
        """The agent speaks first."""
        return self.auto_greet if self.start_mode is None else self.start_mode == "agent_first"

    def briefing(self) -> Briefing:
        """What is told for this conversation. Raises `InvalidInput`, also for what is not to be had here."""
        if self.channel != "web":
            raise InvalidInput.at("channel", "'web': this server begins no conversations of other channels")
        for name in ("recipient", "use_case_id"):
            if getattr(self, name) is not None:
                raise InvalidInput.at(name, "nothing: this server writes to nobody first")
        context = self.context or {}
        check_fit("context", context, LONGEST_CONTEXT)
        return Briefing(self.instruction or "", context)


class ConversationSummary(BaseModel):
    """A conversation without what was said."""

    id: UUID
    channel_kind: Channel
    status: Status
    lifecycle: Literal["active", "dormant", "closed"]
    created_at: str
    updated_at: str
    entity_id: UUID | None = None
    service_id: UUID | None = None
    direction: str | None = None
    turn_count: int = 0
    duration_seconds: float | None = None
    call_sid: str | None = None
    caller_id: str | None = None
    phone_number: str | None = None
    completion_reason: str | None = None
    escalation_status: str | None = None
    final_state: str | None = None
    quality_score: float | None = None
    has_recording: bool | None = None
    source: str | None = None


class ConversationDetail(ConversationSummary):
    """A conversation with what was said."""

    plan: str | None = None
    turns: list[ConversationTurn] = []
    voice: VoiceDetail | None = None


class ConversationList(BaseModel):
    """One page, newest first."""

    items: list[ConversationSummary]
    total: int
    has_more: bool


@router.post("", status_code=201)
async def create_conversation(body: ConversationBody, caller: Called, estate: TheEstate) -> ConversationDetail:
    """Begin a conversation; with an entity it is the one that this person has, where one is open."""
    service = await estate.services.get(caller.workspace, str(body.service_id))
    briefing = body.briefing()
    if body.entity_id is None:
        session, is_new = await estate.talks.with_visitor(service, briefing), True
    else:
        entity = await estate.entities.get(caller.workspace.id, str(body.entity_id))
        session, is_new = await estate.talks.with_entity(service, entity, briefing, anew=body.force_new)
    if body.greets and is_new:
        await (await estate.talks.greet(session)).whole()
    return detail_of(caller.workspace.id, session.state(), await estate.talks.turns(session), estate.clock.now_ms())


@router.get("")
async def list_conversations(
    caller: Called,
    estate: TheEstate,
    channel_kind: Annotated[Channel | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> ConversationList:
    """The workspace's conversations, newest first."""
    listed = await estate.talks.list(
        caller.workspace,
        channel=channel_kind,
        at_most=limit,
        skipped=offset,
        **_WANTED.get(status, {"is_live": True}),
    )
    items = [
        ConversationSummary(**summary_of(caller.workspace.id, state, estate.clock.now_ms())) for state in listed.states
    ]
    return ConversationList(items=items, total=listed.total, has_more=offset + len(items) < listed.total)


@router.get("/{conversation_id}")
async def get_conversation(
    conversation_id: UUID,
    caller: Called,
    estate: TheEstate,
    with_tools: Annotated[bool, Query(alias="include_tool_calls")] = False,
) -> ConversationDetail:
    """One conversation with all that was said, and the tools that were used where they are wanted.

    Who reads it is in the audit trail.
    """
    session = await estate.talks.find(caller.workspace, str(conversation_id))
    told = {"session_id": session.id, "call_sid": call_of(session.id), "through": "conversation"}
    await estate.audit.note_look(caller.key, "operator.viewed_transcript", told)
    workspace, now = caller.workspace.id, estate.clock.now_ms()
    shown = detail_of(workspace, session.state(), await estate.talks.turns(session), now, with_tools=with_tools)
    escalation = await estate.escalations.of(session.id)
    return shown if escalation is None else shown.model_copy(update={"escalation_status": escalation.status})


@router.delete("/{conversation_id}", status_code=204)
async def close_conversation(conversation_id: UUID, caller: Called, estate: TheEstate) -> None:
    """Close it: no more turns are taken."""
    await estate.talks.close(await estate.talks.find(caller.workspace, str(conversation_id)))


def status_of(state: SessionState) -> Status:
    """A conversation is active until it ends; one that ended by itself is completed, another is closed."""
    if state.ended is None:
        return "active"
    return "completed" if state.ended in COMPLETED else "closed"


def summary_of(workspace: WorkspaceID, state: SessionState, now_ms: int) -> dict[str, Any]:
    """The fields of a summary."""
    contact, is_over = state.contact, state.ended is not None
    return {
        "id": UUID(conversation_of(state.id)),
        "channel_kind": contact.channel,
        "status": status_of(state),
        "lifecycle": "closed" if is_over else "dormant" if state.active_at < now_ms - DORMANT_MS else "active",
        "created_at": at(state.created_at),
        "updated_at": at(state.active_at),
        "entity_id": contact.entity,
        "service_id": service_of(workspace, state),
        "direction": contact.direction,
        "duration_seconds": (state.active_at - state.created_at) / 1000,
        "call_sid": call_of(state.id) if contact.channel == "voice" else None,
        "caller_id": contact.caller or None,
        "completion_reason": REASONS.get(state.ended, "completed") if state.ended else None,
        "final_state": state.stack[-1].workflow if state.stack else None,
        "source": "parley",
        "turn_count": state.revision,
    }


def detail_of(
    workspace: WorkspaceID, state: SessionState, records: Sequence[TurnRecord], now_ms: int, *, with_tools: bool = False
) -> ConversationDetail:
    """The conversation with its turns."""
    turns = [turn for record in records for turn in exchange_of(record).turns(with_tools=with_tools)]
    voice = voice_of(state, records) if state.contact.channel == "voice" else None
    return ConversationDetail(**summary_of(workspace, state, now_ms), turns=turns, voice=voice)
