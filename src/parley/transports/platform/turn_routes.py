"""Turns of a conversation, whole or as a stream of typed frames (platform API, sections 3.1 to 3.3)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.conversation_names import conversation_of
from parley.session.answer import Answer
from parley.session.handle import SessionHandle
from parley.transports.platform.access import Called, Caller, TheEstate
from parley.transports.platform.conversation_routes import status_of
from parley.transports.platform.turn_shapes import (
    ContentPart,
    ConversationTurn,
    ToolCallDetail,
    at,
    said_by_user,
    said_in,
    tool_calls_in,
)
from parley.transports.platform.turn_stream import frames
from parley.workspaces.estate import Estate

router = APIRouter(prefix="/v1/{workspace_id}/conversations/{conversation_id}/turns", tags=["Conversations"])
EVENT_STREAM = "text/event-stream"
WithTools = Annotated[bool, Query(alias="include_tool_calls")]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=256)]


class TurnBody(BaseModel):
    """What the user says."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    media_url: Annotated[str | None, Field(max_length=2048)] = None
    media_type: Annotated[str | None, Field(max_length=128)] = None
    content: Annotated[list[ContentPart] | None, Field(max_length=20)] = None


class Snapshot(BaseModel):
    """Where the conversation stands after a turn."""

    id: UUID
    status: str
    turn_count: int
    updated_at: str


class TurnAnswer(BaseModel):
    """A turn, whole."""

    turn_id: str
    input: ConversationTurn
    output: list[ConversationTurn]
    conversation: Snapshot
    tool_calls: list[ToolCallDetail] = []


@router.post("", response_model=TurnAnswer, responses={200: {"content": {EVENT_STREAM: {}}}, 409: {}})
async def create_turn(
    request: Request,
    conversation_id: UUID,
    body: TurnBody,
    caller: Called,
    estate: TheEstate,
    with_tools: WithTools = False,
    key: Key = None,
) -> TurnAnswer | StreamingResponse:
    """Say something; the answer is whole, or a stream where `Accept` asks for one."""
    streams = EVENT_STREAM in request.headers.get("accept", "")
    session, answer = await _said(conversation_id, body, caller, estate, streams=streams, key=key)
    if streams:
        return _stream(session, answer, with_tools)
    said = await answer.whole()
    heard = next(said_by_user(answer.record), ConversationTurn(role="user", text=body.message))
    state = session.state()
    snapshot = Snapshot(
        id=conversation_id, status=status_of(state), turn_count=state.revision, updated_at=at(state.active_at)
    )
    tools = tool_calls_in(said) if with_tools else []
    return TurnAnswer(turn_id=answer.turn, input=heard, output=said_in(said), conversation=snapshot, tool_calls=tools)


@router.post("/stream", response_class=StreamingResponse, responses={200: {"content": {EVENT_STREAM: {}}}, 409: {}})
async def create_turn_stream(
    conversation_id: UUID,
    body: TurnBody,
    caller: Called,
    estate: TheEstate,
    with_tools: WithTools = False,
    key: Key = None,
) -> StreamingResponse:
    """Say something; the answer is always a stream."""
    session, answer = await _said(conversation_id, body, caller, estate, streams=True, key=key)
    return _stream(session, answer, with_tools)


async def _said(
    conversation_id: UUID, body: TurnBody, caller: Caller, estate: Estate, *, streams: bool, key: str | None
) -> tuple[SessionHandle, Answer]:
    session = await estate.talks.find(caller.workspace, str(conversation_id))
    answer = await estate.talks.say(session, body.message, streams=streams, key=key)
    await answer.accepted()
    return session, answer


def _stream(session: SessionHandle, answer: Answer, with_tools: bool) -> StreamingResponse:
    def done() -> dict[str, object]:
        state = session.state()
        return {
            "conversation_id": conversation_of(session.id),
            "status": status_of(state),
            "turn_count": state.revision,
            "turn_id": answer.turn,
        }

    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", "x-turn-id": answer.turn}
    return StreamingResponse(frames(answer, done, with_tools=with_tools), media_type=EVENT_STREAM, headers=headers)
