"""Turns of a conversation, whole or as a stream of typed frames (platform API, sections 3.1 to 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from parley.domain.conversation_names import conversation_of, turn_name
from parley.session.answer import Answer
from parley.session.handle import SessionHandle
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.platform.access import Called, TheEstate, TheKeepAlive
from parley.transports.platform.conversation_routes import status_of
from parley.transports.platform.shapes import IdempotencyKey
from parley.transports.platform.turn_body import TurnBody
from parley.transports.platform.turn_shapes import (
    ConversationTurn,
    Exchange,
    ToolCallDetail,
    at,
    exchange_of,
    tool_calls_in,
)
from parley.transports.platform.turn_stream import frame, frames
from parley.workspaces.estate import Estate
from parley.workspaces.talks import check_taken

router = APIRouter(prefix="/v1/{workspace_id}/conversations/{conversation_id}/turns", tags=["Conversations"])
EVENT_STREAM = "text/event-stream"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {EVENT_STREAM: {}}},
    404: {"description": "Conversation not found."},
    409: {"description": "Conversation is closed."},
    503: {"description": "Agent service unavailable"},
}
WithTools = Annotated[bool, Query(alias="include_tool_calls")]


class Snapshot(BaseModel):
    """Where the conversation stands after a turn."""

    id: UUID
    status: str
    turn_count: int
    updated_at: str


class TurnAnswer(BaseModel):
    """A turn, whole."""

    turn_id: UUID
    input: ConversationTurn
    output: list[ConversationTurn]
    conversation: Snapshot
    tool_calls: list[ToolCallDetail] = []


@router.post("", response_model=TurnAnswer, responses=ANSWERS)
async def create_turn(
    request: Request,
    conversation_id: UUID,
    body: TurnBody,
    caller: Called,
    estate: TheEstate,
    keep_alive: TheKeepAlive,
    with_tools: WithTools = False,
    poll: bool = False,
    key: IdempotencyKey = None,
) -> TurnAnswer | StreamingResponse:
    """Say something; the answer is whole, or a stream where `Accept` asks for one.

    `poll` with an empty message says nothing: the answer is what has been said since the user last said something.
    """
    session = await estate.talks.find(caller.workspace, str(conversation_id))
    streams = EVENT_STREAM in request.headers.get("accept", "")
    if poll and body.is_empty:
        polled = await _polled(session, estate, with_tools)
        return _stream_of(polled) if streams else polled
    answer = await _said(session, body, estate, streams=streams, key=key)
    if streams:
        return _stream(session, answer, keep_alive, with_tools)
    exchange = Exchange(answer.record, await answer.whole())
    check_taken(exchange.said)
    return _whole(session, [exchange], body.message, with_tools)


async def _polled(session: SessionHandle, estate: Estate, with_tools: bool) -> TurnAnswer:
    """What has come since the user last said something, and that once more: who polls knows what by its `turn_id`."""
    exchanges = [exchange_of(record) for record in await estate.talks.turns(session)]
    last = next((i for i in range(len(exchanges) - 1, -1, -1) if exchanges[i].by_user()), 0)
    return _whole(session, exchanges[last:], "", with_tools)


def _whole(session: SessionHandle, exchanges: Sequence[Exchange], message: str, with_tools: bool) -> TurnAnswer:
    state, first = session.state(), exchanges[0] if exchanges else None
    heard = next(iter(first.by_user() if first else ()), ConversationTurn(role="user", text=message))
    return TurnAnswer(
        turn_id=UUID(turn_name(first.record.id)) if first else UUID(int=0),
        input=heard,
        output=[turn for exchange in exchanges for turn in exchange.by_agent()],
        conversation=Snapshot(
            id=UUID(conversation_of(session.id)),
            status=status_of(state),
            turn_count=state.revision,
            updated_at=at(state.active_at),
        ),
        tool_calls=[call for exchange in exchanges for call in tool_calls_in(exchange.said)] if with_tools else [],
    )


@router.post("/stream", response_class=StreamingResponse, responses=ANSWERS)
async def create_turn_stream(
    conversation_id: UUID,
    body: TurnBody,
    caller: Called,
    estate: TheEstate,
    keep_alive: TheKeepAlive,
    with_tools: WithTools = False,
    key: IdempotencyKey = None,
) -> StreamingResponse:
    """Say something; the answer is always a stream."""
    session = await estate.talks.find(caller.workspace, str(conversation_id))
    answer = await _said(session, body, estate, streams=True, key=key)
    return _stream(session, answer, keep_alive, with_tools)


async def _said(session: SessionHandle, body: TurnBody, estate: Estate, *, streams: bool, key: str | None) -> Answer:
    answer = await estate.talks.say(session, body.said(), streams=streams, key=key)
    await answer.accepted()
    return answer


def _stream_of(answer: TurnAnswer) -> StreamingResponse:
    said = [
        frame(event, data)
        for turn in answer.output
        for event, data in (("token", {"text": turn.text}), ("message", {"role": turn.role, "text": turn.text}))
        if turn.text
    ]
    stands = answer.conversation
    done = {"conversation_id": str(stands.id), "status": stands.status, "turn_count": stands.turn_count}
    return StreamingResponse(iter([*said, frame("done", done)]), media_type=EVENT_STREAM)


def _stream(session: SessionHandle, answer: Answer, keep_alive: KeepAlive, with_tools: bool) -> StreamingResponse:
    def done() -> dict[str, object]:
        state = session.state()
        return {
            "conversation_id": conversation_of(session.id),
            "status": status_of(state),
            "turn_count": state.revision,
            "turn_id": turn,
            "turn_index": Exchange(answer.record, answer.said).index,
        }

    turn = turn_name(answer.turn)
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", "x-turn-id": turn}
    return StreamingResponse(
        frames(answer, done, keep_alive, with_tools=with_tools), media_type=EVENT_STREAM, headers=headers
    )
