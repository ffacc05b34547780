"""The workspace's events as a stream (platform API, section 4.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from parley.errors import Busy
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.platform.access import Called, Caller, TheEstate
from parley.transports.platform.sockets import key_ends
from parley.workspaces.estate import Estate
from parley.workspaces.events import TooSlow

router = APIRouter(prefix="/v1/{workspace_id}/events", tags=["Events"])
OPENING = b"retry: 3000\n\n"
COMMENT = b": keep-alive\n\n"
_encode = msgspec.json.Encoder().encode


@router.get("/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def get_event_stream(
    caller: Called,
    estate: TheEstate,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=32)] = None,
) -> StreamingResponse:
    """Everything that happens in the workspace; `Last-Event-ID` brings what was missed in the last five minutes."""
    after = int(last) if last and last.isdecimal() else None
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    frames = _frames(estate, caller, after)
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


async def _frames(estate: Estate, caller: Caller, after: int | None) -> AsyncIterator[bytes]:
    yield OPENING
    try:
        stream = estate.events.open(caller.workspace.id, after)
    except Busy as full:
        yield _error("too_many_streams", full.message)
        return
    ending = asyncio.create_task(key_ends(estate, caller.key))
    ending.add_done_callback(lambda _: stream.end())
    try:
        with stream.reading(), KeepAlive(estate.clock).watching(stream.nudge) as watch:
            async for event in stream.read():
                watch.touch()
                if event is None:
                    yield COMMENT
                else:
                    yield b"id: %d\nevent: %b\ndata: %b\n\n" % (event.id, event.type.encode(), _encode(event.data))
    except TooSlow:
        yield _error("stream_error", "This stream was too slow. Come back with Last-Event-ID.")
    finally:
        ending.cancel()


def _error(code: str, message: str) -> bytes:
    return b"event: error\ndata: %b\n\n" % _encode({"code": code, "message": message})
