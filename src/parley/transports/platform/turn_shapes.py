"""Turns as clients of the platform API know them: who said what, and which tools were used (section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from pydantic import BaseModel

from parley.domain.conversation_names import turn_name
from parley.domain.transcript import Emission, Traced, TurnRecord, is_told_again
from parley.transports.http.transcript_text import FILE, done_by_user, said_by_agent
from parley.transports.platform.shapes import moment
from parley.workspaces.said import Part, parts_of

TOOL = "tool"
"""The context of debug traces whose metadata tell of a tool's use."""


class ContentPart(BaseModel):
    """What a turn holds beside its text."""

    type: str = "text"
    text: str | None = None
    url: str | None = None
    media_type: str | None = None
    provider_id: str | None = None
    metadata: dict[str, Any] = {}


class ToolCallDetail(BaseModel):
    """A tool that was used."""

    tool_name: str
    call_id: str
    input: dict[str, Any] = {}
    result: str = ""
    succeeded: bool = True
    duration_ms: int | None = None


class ConversationTurn(BaseModel):
    """Something that somebody said. All that belongs to one exchange has its `turn_id` and `turn_index`."""

    role: Literal["agent", "user", "system"]
    text: str
    timestamp: str | None = None
    content: list[ContentPart] = []
    turn_id: UUID | None = None
    turn_index: int | None = None
    tool_calls: list[ToolCallDetail] = []


class Exchange(Struct, frozen=True):
    """A turn of the session: what was asked, and what has been said to it."""

    record: TurnRecord
    said: Sequence[Emission]

    @property
    def index(self) -> int | None:
        """Where it stands in its conversation: later exchanges have greater numbers. None: it has said nothing yet."""
        return self.said[0].offset - 1 if self.said else None

    def turns(self, *, with_tools: bool = False) -> list[ConversationTurn]:
        """What the user said, and what the agent did; the tools it used on the way go with its first message."""
        said = self.by_agent()
        if with_tools and (calls := tool_calls_in(self.said)):
            said = said or [self._turn("agent", "", None)]
            said[0].tool_calls = calls
        return [*self.by_user(), *said]

    def by_user(self) -> list[ConversationTurn]:
        """What the user said."""
        action, time = self.record.action or {}, at(self.record.accepted_at)
        content = [ContentPart(**part) for part in map(_fitting, parts_of(self.record))]
        texts = [text for text in done_by_user(action) if not (content and text.startswith(FILE))]
        turns = [self._turn("user", text, time) for text in texts]
        if content:
            turns = turns or [self._turn("user", "", time)]
            turns[0].content = content
        return turns

    def by_agent(self) -> list[ConversationTurn]:
        """What the agent said: a turn for each message; what it shows beside goes with the message before."""
        turns: list[ConversationTurn] = []
        written = ""
        for trace in traces_in(self.said):
            payload = trace.get("payload") or {}
            if trace["type"] == "completion":
                written += payload.get("content") or ""
                if payload.get("state") == "end" and written:
                    turns.append(self._turn("agent", written, _time(trace)))
                    written = ""
            elif trace["type"] in ("text", "speak", "live-agent-handoff"):
                turns += [self._turn("agent", text, _time(trace)) for text in said_by_agent(trace)]
            elif trace["type"] in ("choice", "cardV2", "carousel", "visual"):
                if not turns:
                    turns.append(self._turn("agent", "", _time(trace)))
                turns[-1].content.append(ContentPart(type=trace["type"].lower(), metadata=payload))
        if written:
            turns.append(self._turn("agent", written, None))
        return turns

    def _turn(self, role: Literal["agent", "user"], text: str, time: str | None) -> ConversationTurn:
        id = UUID(turn_name(self.record.id))
        return ConversationTurn(role=role, text=text, timestamp=time, turn_id=id, turn_index=self.index)


def exchange_of(record: TurnRecord) -> Exchange:
    """A turn as the store has it."""
    return Exchange(record, record.said or ())


def tool_calls_in(said: Sequence[Emission]) -> list[ToolCallDetail]:
    """The tools that were used."""
    found: list[ToolCallDetail] = []
    begun: dict[str, tuple[int, Any]] = {}
    for trace in traces_in(said):
        told = tool_told_by(trace)
        if told is None:
            continue
        id, time = str(told["call_id"]), trace.get("time") or 0
        if "result" not in told:
            begun[id] = (time, told.get("input", {}))
        else:
            began, input = begun.pop(id, (None, {}))
            found.append(ToolCallDetail(**told, input=input, duration_ms=None if began is None else time - began))
    return found


def tool_told_by(trace: dict[str, Any]) -> dict[str, Any] | None:
    """What a trace tells of a tool's use: with `result` where it is done."""
    payload = trace.get("payload")
    if trace["type"] != "debug" or not isinstance(payload, dict) or payload.get("context") != TOOL:
        return None
    told = payload.get("metadata")
    return told if isinstance(told, dict) and "call_id" in told else None


def traces_in(said: Sequence[Emission]) -> Iterator[dict[str, Any]]:
    """The traces, decoded; none twice."""
    for emission in said:
        if isinstance(emission.body, Traced) and not is_told_again(emission):
            yield msgspec.json.decode(emission.body.data)


def at(ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601."""
    return moment(ms).isoformat()


def _time(trace: dict[str, Any]) -> str | None:
    time = trace.get("time")
    return at(time) if isinstance(time, int) else None


def _fitting(part: Part) -> dict[str, Any]:
    """A part without what is of another kind than it should be: clients of other doors write what they like."""
    texts = ("type", "text", "url", "media_type", "provider_id")
    fitting = {name: part[name] for name in texts if isinstance(part.get(name), str)}
    metadata = part.get("metadata")
    return {**fitting, "metadata": metadata} if isinstance(metadata, dict) else fitting
