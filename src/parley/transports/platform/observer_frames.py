"""What watchers of a conversation are shown: from what it says and what happens around it to typed frames.

The frames are those of the union `ObserverSSEEvent` (platform API, section 4.2), and ours: `injection`. What is not
measured is not told: there are no `emotion` frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley.domain.conversation_names import call_of, conversation_of, turn_name
from parley.domain.injection import Receipt
from parley.domain.platform_event import PlatformEvent
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.domain.workspace import WorkspaceID
from parley.session.happenings import Asked, Over
from parley.session.outbox import Portion
from parley.transports.http.transcript_text import done_by_user, said_by_agent
from parley.transports.platform.turn_shapes import at, tool_told_by, traces_in
from parley.voice.latency import latency
from parley.workspaces.observing import Noted, Seen
from parley.workspaces.reporting import REASONS, VOICE
from parley.workspaces.services import service_of

Frame = dict[str, Any]
JOINED, LEFT, MODE = "operator.joined_call", "operator.left_call", "operator.mode_changed"
ERROR_LENGTH = 2048
UNANSWERED = 32


class ObserverFrames:
    """One watcher's view: remembers where the conversation stands."""

    def __init__(self, state: SessionState, workspace: WorkspaceID) -> None:
        self._call = call_of(state.id)
        self._workspace = workspace
        self._at = _place(state)
        self._written = ""
        self._begun: dict[str, int] = {}
        """When the tools were called that run now."""
        self._noted: dict[str, Any] = {}
        self._is_call = state.contact.channel == VOICE
        self._caller = state.contact.caller
        self._asked_at: dict[str, int] = {}
        """When the user said what is not answered yet, by turn; calls measure this themselves."""

    def opening(self, state: SessionState, now_ms: int) -> Iterator[Frame]:
        """Who is talking, and where they stand."""
        contact, service = state.contact, service_of(self._workspace, state)
        names = {"call_sid": self._call, "workspace_id": self._workspace}
        yield {
            "type": "session_info",
            **names,
            "service_id": service,
            "caller_id": contact.caller,
            "current_state": self._at,
            "direction": contact.direction,
            "duration_seconds": max(0, now_ms - state.created_at) / 1000,
            "start_time": state.created_at / 1000,
        }
        yield {"type": "session_start", **names, "service_id": service, "session_id": conversation_of(state.id)}
        if self._is_call and state.ended is None:
            yield from self._ends("participant_joined")

    def operator(self, id: str, name: str, **more: Any) -> Frame:
        """An operator is in the conversation."""
        return self._participant("participant_joined", {"operator_id": id, "operator_name": name, **more})

    def of_portion(self, portion: Portion) -> Iterator[Frame]:
        """What the agent says and does."""
        for trace in traces_in(portion.emissions):
            payload = trace.get("payload")
            fields = payload if isinstance(payload, dict) else {}
            match trace["type"]:
                case "completion":
                    yield from self._latency(trace)
                    yield from self._completion(fields)
                case "text" | "speak":
                    yield from self._latency(trace)
                    for text in said_by_agent(trace):
                        yield {"type": "agent_transcript", "transcript": text}
                case "live-agent-handoff":
                    for text in said_by_agent(trace):
                        yield {"type": "agent_transcript", "transcript": text, "speaker_role": "operator"}
                case "flow":
                    yield from self._flow(fields)
                case "debug":
                    yield from self._tool(trace)

    def of_seen(self, seen: Seen) -> Iterator[Frame]:
        """What happens around it."""
        match seen:
            case Asked(turn=turn):
                yield from self._asked(turn)
            case Over(state=state):
                if self._is_call:
                    yield from self._ends("participant_left")
                yield self.ending(state)
            case Receipt():
                yield _injection(seen)
            case PlatformEvent(type=type, data=data) if type in (JOINED, LEFT, MODE):
                kinds = {JOINED: "participant_joined", LEFT: "participant_left", MODE: "participant_mode_changed"}
                yield self._participant(kinds[type], data)
            case Noted(type="user_transcript", data=data):
                self._noted = data
            case Noted(type=type, data=data):
                yield {"type": type, **data}
            case _:
                return

    def ending(self, state: SessionState) -> Frame:
        """It is over."""
        return {
            "type": "session_end",
            "call_sid": self._call,
            "session_id": conversation_of(state.id),
            "completion_reason": REASONS.get(state.ended or "", "completed"),
            "duration_s": max(0, state.active_at - state.created_at) / 1000,
            "final_state": _place(state) or self._at,
            "turns": state.revision,
            "has_recording": False,
        }

    def _asked(self, turn: TurnRecord) -> Iterator[Frame]:
        for text in done_by_user(turn.action or {}):
            if not self._is_call:
                self._asked_at = {**dict(list(self._asked_at.items())[-UNANSWERED:]), turn.id: turn.accepted_at}
            noted, self._noted = self._noted, {}
            if noted.get("transcript") != text:
                noted = {}
            yield {"type": "user_transcript", "transcript": text, "state": self._at, **noted}

    def _latency(self, trace: Frame) -> Iterator[Frame]:
        """How long the agent took for its first words, in a conversation in words."""
        asked_at = self._asked_at.pop(str(trace.get("turnID")), None)
        if asked_at is not None and isinstance(trace.get("time"), int):
            yield {"type": "latency", **latency(max(0, trace["time"] - asked_at), 0)}

    def _ends(self, type: str) -> Iterator[Frame]:
        """The two who are always in a call."""
        common = {"type": type, "conference_sid": f"CF{self._call[2:]}"}
        caller = {"participant_name": self._caller or None, "phone_number": None}
        yield {**common, "participant_id": self._call, "participant_role": "caller", **caller}
        yield {**common, "participant_id": f"AG{self._call[2:]}", "participant_role": "agent"}

    def _completion(self, fields: dict[str, Any]) -> Iterator[Frame]:
        piece = fields.get("content")
        if piece:
            self._written += piece
            yield {"type": "agent_transcript_delta", "delta": piece}
        if fields.get("state") == "end" and self._written:
            yield {"type": "agent_transcript", "transcript": self._written, "streaming": True}
            self._written = ""

    def _flow(self, fields: dict[str, Any]) -> Iterator[Frame]:
        before, self._at = self._at, str(fields.get("diagramID") or "")
        if before != self._at:
            told = {"previous_state": before, "next_state": self._at, "annotation": fields.get("name")}
            yield {"type": "state_transition", **told}

    def _tool(self, trace: dict[str, Any]) -> Iterator[Frame]:
        told = tool_told_by(trace)
        if told is None:
            return
        id, time = str(told["call_id"]), trace.get("time") or 0
        names = {"tool_name": str(told.get("tool_name", "")), "call_id": id}
        if "result" not in told:
            self._begun[id] = time
            yield {"type": "tool_call_started", **names, "input": told.get("input")}
            return
        began, succeeded, output = self._begun.pop(id, None), told.get("succeeded", True), str(told["result"])
        yield {
            "type": "tool_call_completed",
            **names,
            "succeeded": succeeded,
            "output": output,
            "duration_ms": None if began is None else time - began,
            "error_message": None if succeeded else output[:ERROR_LENGTH],
        }

    def _participant(self, type: str, data: dict[str, Any]) -> Frame:
        id = str(data.get("operator_id", ""))
        return {
            "type": type,
            "conference_sid": f"CF{self._call[2:]}",
            "participant_id": f"OP{id.replace('-', '')}",
            "participant_role": "operator",
            "participant_name": data.get("operator_name"),
            "operator_entity_id": id,
            **{name: data[name] for name in ("mode", "reason") if name in data},
        }


def _place(state: SessionState) -> str:
    return state.stack[-1].workflow if state.stack else ""


def _injection(receipt: Receipt) -> Frame:
    injection = receipt.injection
    return {
        "type": "injection",
        "injection_id": injection.id,
        "event_type": injection.kind,
        "sender": injection.sender,
        "message": injection.message,
        "status": receipt.status,
        "stage": receipt.stage,
        "turn_id": None if receipt.turn is None else turn_name(receipt.turn),
        "received_at": at(injection.received_at),
        "changed_at": at(receipt.changed_at),
    }
