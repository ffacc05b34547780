"""One turn as a stream of typed frames (platform API, section 3.3).

The type stands in the frame's `event:` line and not in its JSON: real clients drop a frame without that line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec

from parley.errors import Draining, ParleyError
from parley.session.answer import Answer
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.problems import is_retryable
from parley.transports.http.sse import COMMENT
from parley.transports.http.transcript_text import said_by_agent
from parley.transports.platform.problems import status_of
from parley.transports.platform.turn_shapes import tool_told_by, traces_in
from parley.workspaces.talks import check_taken

_encode = msgspec.json.Encoder().encode


async def frames(
    answer: Answer, done: Callable[[], dict[str, object]], keep_alive: KeepAlive, *, with_tools: bool
) -> AsyncIterator[bytes]:
    """The frames of a turn, as it is said, and a comment where there is silence. A client that goes away stops
    nothing."""
    reader = FrameReader(with_tools=with_tools)
    try:
        with keep_alive.watching(answer.nudge) as watch:
            async for portion in answer.read():
                if not portion and watch.is_due:
                    yield COMMENT
                for trace in traces_in(portion):
                    for event, data in reader.read(trace):
                        yield frame(event, data)
                watch.touch()
        check_taken(answer.said)
    except ParleyError as error:
        yield frame(
            "error",
            {
                "message": error.message,
                "code": _code_of(error),
                "retryable": is_retryable(error),
                "status_code": status_of(error),
            },
        )
        return
    yield frame("done", done())


def _code_of(error: ParleyError) -> str:
    if isinstance(error, Draining):
        return "stream_interrupted"
    return "upstream_error" if status_of(error) >= 500 else "client_error"


def frame(event: str, data: dict[str, Any]) -> bytes:
    """One frame, as bytes."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), _encode(data))


class FrameReader:
    """From traces to frames. Every message is told in tokens, one or many, and then whole."""

    def __init__(self, *, with_tools: bool) -> None:
        self._with_tools = with_tools
        self._written = ""

    def read(self, trace: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The frames of one trace: types and fields."""
        payload = trace.get("payload")
        fields = payload if isinstance(payload, dict) else {}
        match trace["type"]:
            case "completion":
                yield from self._completion(fields)
            case "text" | "speak" | "live-agent-handoff":
                for text in said_by_agent(trace):
                    yield "token", {"text": text}
                    yield "message", {"role": "agent", "text": text}
            case "reasoning" if fields.get("state") == "start":
                yield "thinking", {"tier": 1, "tier_name": "reasoning"}
            case "debug" if self._with_tools:
                yield from _tool(trace)

    def _completion(self, fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        piece = fields.get("content")
        if piece:
            self._written += piece
            yield "token", {"text": piece}
        if fields.get("state") == "end" and self._written:
            yield "message", {"role": "agent", "text": self._written}
            self._written = ""


def _tool(trace: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    told = tool_told_by(trace)
    if told is None:
        return
    names = {"tool_name": told.get("tool_name", ""), "call_id": told["call_id"]}
    if "result" in told:
        result = str(told["result"])
        yield "tool_call_completed", {**names, "result": result, "succeeded": told.get("succeeded", True)}
    else:
        yield "tool_call_started", {**names, "input": _encode(told.get("input", {})).decode()}
