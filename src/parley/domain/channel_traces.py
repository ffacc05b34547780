"""Traces of what is not a plain message: players, calls, people, answers of models as they come, and logs.

Source: Conversations API, sections 4 and 4.1; engine, section 1.4 (logs).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

JSON = Any
"""Any JSON value."""


class StreamPayload(Struct, frozen=True):
    """`action` is LOOP, PLAY, PAUSE or END. `token` names the player."""

    src: str
    token: str
    action: str
    loop: bool | UnsetType = UNSET
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    icon: str | UnsetType = field(name="iconImage", default=UNSET)
    background: str | UnsetType = field(name="backgroundImage", default=UNSET)


class StreamTrace(Struct, frozen=True, tag_field="type", tag="stream"):
    """What the client's audio player is to do."""

    payload: StreamPayload


class CallForwardPayload(Struct, frozen=True):
    """`kind` is `phone` or `sip`."""

    kind: str = field(name="addressType")
    address: str
    extension: str | UnsetType = UNSET
    passes_caller: bool | UnsetType = field(name="callerIDPassthrough", default=UNSET)


class CallForwardTrace(Struct, frozen=True, tag_field="type", tag="call-forward"):
    """The call goes on with somebody else."""

    payload: CallForwardPayload


class HandoffTrace(Struct, frozen=True, tag_field="type", tag="live-agent-handoff"):
    """What happens while the user talks to a person: `event` of the payload, with its `message`."""

    payload: JSON


class CompletionPayload(Struct, frozen=True):
    """`state` is start (with `messageID`), content (with `content`) or end."""

    state: str
    message_id: str | UnsetType = field(name="messageID", default=UNSET)
    content: str | UnsetType = UNSET
    ai: bool | UnsetType = UNSET
    delay: int | UnsetType = UNSET
    source_urls: JSON | UnsetType = field(name="sourceUrls", default=UNSET)


class CompletionTrace(Struct, frozen=True, tag_field="type", tag="completion"):
    """A message that is shown while a model writes it."""

    payload: CompletionPayload


class ReasoningPayload(Struct, frozen=True):
    """`state` is start, content (with `content`) and end, or final alone (with `message`)."""

    state: str
    content: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class ReasoningTrace(Struct, frozen=True, tag_field="type", tag="reasoning"):
    """What a model thinks before it answers."""

    payload: ReasoningPayload


class ToolSound(Struct, frozen=True):
    """What is heard while a tool runs: `ref` names the recording, `volume` is between 0 and 1."""

    ref: str
    volume: float = 0.75


class ToolCallPayload(Struct, frozen=True):
    """`state` is start or end."""

    state: str
    call_id: str = field(name="callID")
    sound: ToolSound | UnsetType = UNSET


class ToolCallTrace(Struct, frozen=True, tag_field="type", tag="tool-call"):
    """A tool is being used, or is no longer."""

    payload: ToolCallPayload


class KnowledgePayload(Struct, frozen=True):
    """`chunks` are `{score, documentID, documentData}`."""

    chunks: JSON
    query: JSON | UnsetType = UNSET


class KnowledgeTrace(Struct, frozen=True, tag_field="type", tag="knowledgeBase"):
    """What the knowledge base found."""

    payload: KnowledgePayload


class LogPayload(Struct, frozen=True):
    """`kind` is `step.<kind>` or `global.<what>`; `timestamp` is ISO 8601."""

    kind: str
    message: JSON
    level: str
    timestamp: str


class LogTrace(Struct, frozen=True, tag_field="type", tag="log"):
    """What happened inside, for clients that asked for logs."""

    payload: LogPayload
