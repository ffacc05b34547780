"""Turns as clients of the platform API know them: who said what, and which tools were used (section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec
from pydantic import BaseModel

from parley.domain.transcript import Emission, Traced, TurnRecord
from parley.transports.http.transcript_text import done_by_user, said_by_agent
from parley.transports.platform.shapes import moment

TOOL = "tool"
"""The context of debug traces whose metadata tell of a tool's use."""


class ContentPart(BaseModel):
    """What a turn holds beside its text."""

    type: str = "text"
    text: str | None = None
    url: str | None = None
    metadata: dict[str, Any] | None = None


class ConversationTurn(BaseModel):
    """Something that somebody said."""

    role: Literal["agent", "user", "system"]
    text: str
    timestamp: str | None = None
    content: list[ContentPart] = []


class ToolCallDetail(BaseModel):
    """A tool that was used."""

    tool_name: str
    call_id: str
    input: dict[str, Any] = {}
    result: str = ""
    succeeded: bool = True


def turns_of(record: TurnRecord) -> list[ConversationTurn]:
    """What the user said in a turn, and what the agent did."""
    return [*said_by_user(record), *said_in(record.said or ())]


def said_by_user(record: TurnRecord) -> Iterator[ConversationTurn]:
    """What the user said."""
    for text in done_by_user(record.action or {}):
        yield ConversationTurn(role="user", text=text, timestamp=at(record.accepted_at))


def said_in(said: Sequence[Emission]) -> list[ConversationTurn]:
    """What the agent said: a turn for each message; what it shows beside goes with the message before."""
    turns: list[ConversationTurn] = []
    written = ""
    for trace in traces_in(said):
        payload = trace.get("payload") or {}
        if trace["type"] == "completion":
            written += payload.get("content") or ""
            if payload.get("state") == "end" and written:
                turns.append(_agent(written, trace))
                written = ""
        elif trace["type"] in ("text", "speak", "live-agent-handoff"):
            turns += [_agent(text, trace) for text in said_by_agent(trace)]
        elif trace["type"] in ("choice", "cardV2", "carousel", "visual"):
            if not turns:
                turns.append(_agent("", trace))
            turns[-1].content.append(ContentPart(type=trace["type"].lower(), metadata=payload))
    if written:
        turns.append(ConversationTurn(role="agent", text=written))
    return turns


def tool_calls_in(said: Sequence[Emission]) -> list[ToolCallDetail]:
    """The tools that were used."""
    found = []
    for trace in traces_in(said):
        told = tool_told_by(trace)
        if told is not None and "result" in told:
            found.append(ToolCallDetail(**told))
    return found


def tool_told_by(trace: dict[str, Any]) -> dict[str, Any] | None:
    """What a trace tells of a tool's use: with `result` where it is done."""
    payload = trace.get("payload")
    if trace["type"] != "debug" or not isinstance(payload, dict) or payload.get("context") != TOOL:
        return None
    told = payload.get("metadata")
    return told if isinstance(told, dict) and "call_id" in told else None


def traces_in(said: Sequence[Emission]) -> Iterator[dict[str, Any]]:
    """The traces, decoded."""
    for emission in said:
        if isinstance(emission.body, Traced):
            yield msgspec.json.decode(emission.body.data)


def at(ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601."""
    return moment(ms).isoformat()


def _agent(text: str, trace: dict[str, Any]) -> ConversationTurn:
    time = trace.get("time")
    return ConversationTurn(role="agent", text=text, timestamp=at(time) if isinstance(time, int) else None)
