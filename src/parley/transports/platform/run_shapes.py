"""Runs as clients see them (platform API, section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.operator import Mode
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID
from parley.transports.platform.escalation_shapes import PHONE
from parley.transports.platform.shapes import Spoken
from parley.transports.platform.turn_shapes import at
from parley.workspaces.runs import RunStatus, holder_of, status_of
from parley.workspaces.services import service_of

Channel = Literal["voice", "sms", "whatsapp", "web", "email"]
Kind = Literal["conversation", "framework"]
MODES: list[Mode] = ["listen", "takeover"]


class Takeover(BaseModel):
    """Whether a person can take this run over, how one can join it, and why not."""

    eligible: bool
    mode_options: list[Mode]
    reason: str | None = None


class Run(BaseModel):
    """A conversation on any channel."""

    run_id: UUID
    workspace_id: UUID
    kind: Kind = "conversation"
    channel: Channel | None
    status: RunStatus
    started_at: str
    ended_at: str | None = None
    service_id: UUID | None = None
    service_name: str | None = None
    entity_id: UUID | None = None
    entity_name: str | None = None
    direction: str | None = None
    phone_number: str | None = None
    turn_count: int | None = None
    source_call_sid: str | None = None
    source_conversation_id: UUID | None = None
    takeover: Takeover


class RunList(BaseModel):
    """One page, newest first. `continuation_token` asks for the next; nothing is to be read in it."""

    items: list[Run]
    has_more: bool
    continuation_token: str | None = None


class RunSummary(BaseModel):
    """How many runs there are. What has ended is counted as one."""

    workspace_id: UUID
    total: int
    live: int
    by_status: dict[str, int]
    by_channel: dict[str, int]
    by_kind: dict[str, int]


class ActorBody(BaseModel):
    """In whose name."""

    operator_id: UUID


class RunGuidanceBody(ActorBody):
    """What the agent is to heed."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=5000)]


class RunTakeoverBody(ActorBody):
    """How the operator joins."""

    mode: Mode = "takeover"


class RunModeBody(ActorBody):
    """How the operator is to be in it."""

    mode: Mode


class AuthoredTurnBody(ActorBody):
    """What the user is told in the agent's place."""

    text: Spoken


class RunGuidanceAnswer(BaseModel):
    """Whether it reached the agent; its receipt is read under `injection_id`."""

    run_id: UUID
    status: Literal["delivered", "queued_no_subscriber", "deduplicated", "failed", "unknown"]
    injection_id: str


class RunModeAnswer(BaseModel):
    """How the operator is in it; None: not any more. The sids are those of a call."""

    run_id: UUID
    mode: Mode | None
    conference_sid: str | None = None
    participant_call_sid: str | None = None


class AuthoredTurnAnswer(BaseModel):
    """The words stand in the agent's place, once and for good, in the turn `turn_id`."""

    run_id: UUID
    staged: bool = Field(description="They are kept, and the user is told them.")
    turn_id: str


def run_of(state: SessionState, workspace: WorkspaceID, now_ms: int, services: Mapping[str, str]) -> Run:
    """A run, as it stands. `services`: their names, by id."""
    contact, service = state.contact, service_of(workspace, state)
    return Run(
        run_id=UUID(conversation_of(state.id)),
        workspace_id=UUID(workspace),
        channel=contact.channel,  # type: ignore[arg-type]
        status=status_of(state, now_ms),
        started_at=at(state.created_at),
        ended_at=None if state.ended is None else at(state.active_at),
        service_id=UUID(service),
        service_name=services.get(service),
        entity_id=None if contact.entity is None else UUID(contact.entity),
        entity_name=contact.caller or None if contact.entity is not None else None,
        direction=contact.direction,
        phone_number=contact.caller if PHONE.fullmatch(contact.caller) else None,
        turn_count=state.revision,
        source_call_sid=call_of(state.id) if contact.channel == "voice" else None,
        source_conversation_id=UUID(conversation_of(state.id)),
        takeover=_takeover(state, now_ms),
    )


def _takeover(state: SessionState, now_ms: int) -> Takeover:
    if state.ended is not None:
        return Takeover(eligible=False, mode_options=[], reason="It has ended.")
    if holder_of(state, now_ms) is not None:
        return Takeover(eligible=False, mode_options=["listen"], reason="An operator has it.")
    return Takeover(eligible=True, mode_options=MODES)
