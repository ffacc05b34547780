"""What operators read about a conversation: what was said, and a briefing before they join (platform API, section 5).

Who reads it is in the audit trail before it is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from parley.domain.actions import is_by_operator
from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.operator import Escalation
from parley.domain.transcript import TurnRecord
from parley.session.handle import SessionHandle
from parley.transports.platform.access import Called, Caller, TheEstate
from parley.transports.platform.shapes import Sid, moment
from parley.transports.platform.turn_shapes import exchange_of
from parley.workspaces.briefing import Facts, brief
from parley.workspaces.estate import Estate
from parley.workspaces.services import service_of

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
VIEWED = "operator.viewed_transcript"
TAIL = 12
"""How many of the last things said a briefing repeats."""
Speaker = Literal["agent", "caller", "operator", "system"]


class TranscriptSegment(BaseModel):
    """Something that somebody said. `confidence` is of who wrote it down: text is sure."""

    speaker_role: Speaker
    transcript: str
    timestamp: str | None
    escalation_id: str | None
    confidence: float


class CallTranscript(BaseModel):
    """What was said in a conversation."""

    call_entity_id: UUID
    call_sid: str
    total_segments: int
    segments: list[TranscriptSegment]


class BriefingBody(BaseModel):
    """Which conversation."""

    call_sid: Sid


class BriefingSection(BaseModel):
    """A named part of a briefing."""

    title: str
    content: str


class Briefing(BaseModel):
    """What an operator should know before they join."""

    call_sid: str
    operator_id: UUID
    sections: list[BriefingSection]
    generated_at: datetime


@router.get("/calls/{call_sid}/transcript")
async def get_call_transcript(call_sid: str, caller: Called, estate: TheEstate) -> CallTranscript:
    """What was said in a conversation. Who reads it is in the audit trail."""
    session = await estate.injecting.recall(caller.workspace, call_sid)
    await note_view(session, caller, estate)
    escalations = await estate.escalations.all_of(caller.workspace.id, session.id)
    segments = [each for record in await estate.talks.turns(session) for each in _segments(record, escalations)]
    return CallTranscript(
        call_entity_id=UUID(conversation_of(session.id)),
        call_sid=call_of(session.id),
        total_segments=len(segments),
        segments=segments,
    )


@router.post("/{operator_id}/briefing")
async def create_operator_briefing(
    operator_id: UUID, body: BriefingBody, caller: Called, estate: TheEstate
) -> Briefing:
    """What is known about a live conversation, counted from its facts. Who reads it is in the audit trail."""
    operator = await estate.operators.served_by(caller.key, str(operator_id))
    session = await estate.supervising.live(caller.workspace, body.call_sid)
    await note_view(session, caller, estate, operator_id=operator.id, through="briefing")
    facts = await _facts(session, caller, estate)
    sections = [BriefingSection(title=title, content=content) for title, content in brief(facts)]
    now = moment(estate.clock.now_ms())
    return Briefing(call_sid=body.call_sid, operator_id=operator_id, sections=sections, generated_at=now)


async def note_view(session: SessionHandle, caller: Caller, estate: Estate, **more: Any) -> None:
    """Somebody reads what was said."""
    told = {"session_id": session.id, "call_sid": call_of(session.id), **more}
    await estate.audit.note(caller.key, VIEWED, told)


async def _facts(session: SessionHandle, caller: Caller, estate: Estate) -> Facts:
    state, workspace = session.state(), caller.workspace
    escalations = await estate.escalations.all_of(caller.workspace.id, session.id)
    services = {each.id: each.name for each in await estate.services.of(workspace)}
    entity = state.contact.entity
    segments = [each for record in await estate.talks.turns(session) for each in _segments(record, escalations)]
    return Facts(
        state=state,
        now_ms=estate.clock.now_ms(),
        service=services.get(service_of(workspace.id, state), ""),
        entity=None if entity is None else await estate.entities.get(workspace.id, entity),
        escalations=escalations,
        operators=await estate.operators.in_session(workspace.id, session.id),
        wrap_ups=await estate.supervising.wrap_ups.of(session.id),
        said=[(each.speaker_role, each.transcript) for each in segments[-TAIL:]],
    )


def _segments(record: TurnRecord, escalations: Sequence[Escalation]) -> Iterator[TranscriptSegment]:
    escalation = next((each.id for each in escalations if _is_within(record, each)), None)
    for turn in exchange_of(record).turns():
        yield TranscriptSegment(
            speaker_role=_speaker(turn.role, record),
            transcript=turn.text,
            timestamp=turn.timestamp,
            escalation_id=escalation,
            confidence=1.0,
        )


def _is_within(record: TurnRecord, escalation: Escalation) -> bool:
    """A person was with the caller when this was said."""
    said = record.accepted_at
    return any(each.since <= said and (each.until is None or said <= each.until) for each in escalation.served)


def _speaker(role: Literal["agent", "user", "system"], record: TurnRecord) -> Speaker:
    if role == "agent" and is_by_operator(record.action or {}):
        return "operator"
    return "caller" if role == "user" else role
