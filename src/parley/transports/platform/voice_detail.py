"""What a conversation by voice has beside its turns: who was in it, and through which workflows it went.

Source: platform API, section 3.2 (`VoiceDetail`). What nothing here measures is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from parley.domain.conversation_names import call_of
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.transports.platform.shapes import moment
from parley.transports.platform.turn_shapes import traces_in


class VoiceDetail(BaseModel):
    """Of a call."""

    has_recording: bool = False
    participants: list[dict[str, Any]] = []
    states_visited: list[str] = []
    barge_in_events: list[dict[str, Any]] = []


def voice_of(state: SessionState, records: Sequence[TurnRecord]) -> VoiceDetail:
    """The caller and the agent, who are there from the beginning to the end, and the workflows in order, each once."""
    sid, end = call_of(state.id), None if state.ended is None else moment(state.active_at).isoformat()
    there = {"joined_at": moment(state.created_at).isoformat(), "left_at": end}
    caller = {"participant_id": sid, "role": "caller", "display_name": state.contact.caller or None, **there}
    agent = {"participant_id": f"AG{sid[2:]}", "role": "agent", "display_name": None, **there}
    visited = [
        str((trace.get("payload") or {}).get("diagramID") or "")
        for record in records
        for trace in traces_in(record.said or ())
        if trace["type"] == "flow"
    ]
    visited += [frame.workflow for frame in state.stack[-1:]]
    return VoiceDetail(participants=[caller, agent], states_visited=list(dict.fromkeys(filter(None, visited))))
