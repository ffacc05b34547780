"""The handoff step: the user talks to a person until one of them ends it.

What the user sends goes by the engine; the person's system sends actions of type `live-agent-event` into the session
(Emit session event), whose payload is what the client is shown. Source: Conversations API, sections 3 and 4.
"""

from __future__ import annotations

from typing import Any

from parley.domain.actions import Action, Custom, Files, HandoffReply, IntentMatched, NoReply, Text
from parley.domain.channel_steps import Handoff
from parley.domain.channel_traces import HandoffTrace
from parley.domain.traces import debug
from parley.engine.escalating import ask_for_a_person, go_on_alone
from parley.engine.listening import unheard
from parley.engine.next import FINISH, WAIT, Goto, Next
from parley.engine.templates import render
from parley.engine.turn import Turn

EVENT = "live-agent-event"
ENDS = ("chat_ended", "chat_dismissed")
EVENTS = frozenset(
    {"file_received", "participant_joined", "message_received", "event", "wait_time", "chat_dismissal_warning"}
    | {"agent_typing", *ENDS}
)
PROVIDERS = {name: name for name in ("ujet", "genesys", "kustomer", "dixa", "sunshine")} | {"zendesk": "sunshine"}
"""What clients are told of where the person works; they know no other names. Source: stable API, the handoff trace."""
_ENDED = {
    "downloadMessage": "Download transcript",
    "continueMessage": "Continue the conversation",
    "newConversationMessage": "Start a new conversation",
}


def hand_over(step: Handoff, turn: Turn) -> Next:
    """Begin the chat with the person; then pass on what its sides say, until it is over."""
    action = turn.take()
    if action is None:
        _begin(step, turn)
        return WAIT
    if isinstance(action, HandoffReply):
        return _replied(step, action.payload, turn)
    if isinstance(action, Custom) and action.type == EVENT:
        return _told(step, action.payload, turn)
    return _spoken(action, turn)


def _begin(step: Handoff, turn: Turn) -> None:
    config: dict[str, Any] = {"returnToAI": step.returns, "disableFileUpload": not step.takes_files}
    payload: dict[str, Any] = {"config": config}
    if step.provider in PROVIDERS:
        payload["provider"] = PROVIDERS[step.provider]
    message = render(step.message, turn.variables)
    ask_for_a_person(message, turn)
    _show(step, "chat_started", message, payload, turn)
    if step.note:
        turn.emit(debug(f"note for the person: {render(step.note, turn.variables)}", context="handoff"))


def _replied(step: Handoff, reply: dict[str, Any], turn: Turn) -> Next:
    match reply.get("type"):
        case "return_to_voiceflow":
            go_on_alone(turn)
            _show(step, "chat_ended", "", _ENDED, turn)
            return Goto(step.then)
        case "message" | "file_upload" | "continue_conversation":
            return WAIT
        case other:
            turn.emit(debug(f"a person cannot be told '{str(other)[:60]}'", level="warn", context="handoff"))
            return WAIT


def _told(step: Handoff, payload: Any, turn: Turn) -> Next:
    event = payload.get("event") if isinstance(payload, dict) else None
    if event not in EVENTS:
        turn.emit(debug(f"a person's system cannot send '{str(event)[:60]}'", level="warn", context="handoff"))
        return WAIT
    message = payload.get("message")
    rest = {key: value for key, value in payload.items() if key not in ("event", "message", "conversationID")}
    over = event in ENDS
    _show(step, event, message if isinstance(message, str) else "", _ENDED | rest if over else rest, turn)
    if not over:
        return WAIT
    go_on_alone(turn)
    return Goto(step.then) if step.returns else FINISH


def _spoken(action: Action, turn: Turn) -> Next:
    """Plain words are for the person, too; silence is nothing; nothing here listens for anything else."""
    if isinstance(action, Text | Files | IntentMatched | NoReply):
        return WAIT
    return unheard(action, turn)


def _show(step: Handoff, event: str, message: str, more: dict[str, Any], turn: Turn) -> None:
    turn.emit(HandoffTrace({"conversationID": turn.state.id, "message": message, "event": event, **more}))
