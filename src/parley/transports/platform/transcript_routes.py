"""What was said in a conversation, for operators (platform API, section 5). Reading it is in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from parley.domain.actions import is_by_operator
from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.operator import Escalation
from parley.domain.transcript import TurnRecord
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.turn_shapes import exchange_of

router = APIRouter(prefix="/v1/{workspace_id}/operators", tags=["Operators"])
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


@router.get("/calls/{call_sid}/transcript")
async def get_call_transcript(call_sid: str, caller: Called, estate: TheEstate) -> CallTranscript:
    """What was said in a conversation. Who reads it is in the audit trail."""
    session = await estate.injecting.recall(caller.workspace, call_sid)
    sid = call_of(session.id)
    await estate.audit.note(caller.key, "operator.viewed_transcript", {"session_id": session.id, "call_sid": sid})
    escalations = [each for each in await estate.escalations.list(caller.workspace.id) if each.session == session.id]
    segments = [each for record in await estate.talks.turns(session) for each in _segments(record, escalations)]
    return CallTranscript(
        call_entity_id=UUID(conversation_of(session.id)),
        call_sid=sid,
        total_segments=len(segments),
        segments=segments,
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
    began, over = escalation.connected_at, escalation.completed_at
    return began is not None and began <= record.accepted_at and (over is None or record.accepted_at <= over)


def _speaker(role: Literal["agent", "user", "system"], record: TurnRecord) -> Speaker:
    if role == "agent" and is_by_operator(record.action or {}):
        return "operator"
    return "caller" if role == "user" else role
