"""Somebody speaks in the agent's place: a greeting that was given, or a person who has taken over.

While a person holds the conversation the agent says nothing: what the user says is remembered, and waits for them.
Source: platform API, section 5; Conversations API, section 4 (live-agent-handoff).
"""

from __future__ import annotations

from typing import Any

from parley.domain.actions import Authored, HandoffReply, Injected, Joined, Launch, Left
from parley.domain.channel_steps import Handoff
from parley.domain.channel_traces import HandoffTrace
from parley.domain.state import Hold
from parley.domain.traces import debug
from parley.engine.reply import said_in
from parley.engine.saying import emit_speech, emit_text
from parley.engine.templates import slate_of
from parley.engine.turn import Turn

BEGIN: dict[str, Any] = {"type": "launch", "payload": {"resetState": False}}
BACK = "You are talking with the assistant again."


def stand_in(turn: Turn) -> bool:
    """Answer the action in the agent's place; False where that is the agent's to do."""
    match turn.action:
        case Authored() if _is_greeting(turn.action, turn):
            return False
        case Authored():
            _speak(turn.action, turn)
        case Joined():
            _join(turn.action, turn)
        case Left():
            return not _leave(turn.action, turn)
        case Injected() if is_held(turn):
            turn.state.unheeded = [*turn.state.unheeded, turn.action.shown]
        case _ if is_held(turn):
            if said_in(turn.action) is None:
                turn.emit(debug(f"'{turn.action.type}' waits for nobody: a person has the conversation", level="info"))
        case _:
            return False
    return True


def _is_greeting(action: Authored, turn: Turn) -> bool:
    """These are the first words of a conversation: it begins as it always does, with them for the agent's own."""
    return not action.by and not turn.state.stack


def greet(turn: Turn) -> None:
    """Say the greeting that was given, if one was, before the agent's first step."""
    if isinstance(turn.action, Authored):
        action = turn.action
        _speak(action, turn)
        turn.hush()
        turn.replace(Launch(BEGIN, BEGIN["payload"]))


def is_held(turn: Turn) -> bool:
    """A person has the conversation now."""
    return turn.state.held(turn.now_ms) is not None


def _speak(action: Authored, turn: Turn) -> None:
    """Say what somebody else has written, and remember it as what the agent's side has said."""
    hold = turn.state.held(turn.now_ms)
    if action.by and (hold is None or hold.operator != action.by):
        turn.emit(debug("not said: whoever wrote it does not have the conversation any more", level="warn"))
    elif _is_voice(turn):
        emit_speech(action.text, None, turn)
    elif action.by:
        _show("message_received", action.text, action.name, turn)
        turn.variables.set("last_response", action.text)
        turn.variables.memory.said("assistant", action.text)
    else:
        emit_text(action.text, slate_of(action.text), None, turn)


def _join(action: Joined, turn: Turn) -> None:
    """Hold the conversation, where nobody else does."""
    hold, state = turn.state.held(turn.now_ms), turn.state
    if hold is not None and hold.operator != action.operator:
        turn.emit(debug("somebody else has the conversation", level="warn"))
        return
    is_new = hold is None
    since = turn.now_ms if hold is None else hold.since
    state.hold = Hold(action.operator, action.name, since, action.until, action.key)
    if is_new:
        if not _asks_for_a_person(turn):
            config = {"returnToAI": True, "disableFileUpload": True}
            _show("chat_started", "", action.name, turn, config=config)
        _show("participant_joined", "", action.name, turn)


def _leave(action: Left, turn: Turn) -> bool:
    """Let the agent go on; True where it was the agent that asked for a person, and goes on at once."""
    hold = turn.state.hold
    if hold is None or hold.operator != action.operator:
        return False
    turn.state.hold = None
    if _asks_for_a_person(turn):
        returning = {"type": "return_to_voiceflow"}
        turn.replace(HandoffReply({"type": "live-agent-handoff", "payload": returning}, returning))
        return True
    ended = {"downloadMessage": "Download transcript", "continueMessage": BACK, "newConversationMessage": ""}
    _show("chat_ended", "", hold.name, turn, **ended)
    return False


def _asks_for_a_person(turn: Turn) -> bool:
    """The agent has handed over, and its client knows."""
    return bool(turn.state.stack) and isinstance(turn.at(turn.frame.step), Handoff)


def _is_voice(turn: Turn) -> bool:
    return turn.state.contact.channel == "voice" or turn.program.settings.modality == "voice"


def _show(event: str, message: str, name: str, turn: Turn, **more: Any) -> None:
    told = {"conversationID": turn.state.id, "message": message, "event": event, "agent": {"name": name or "Agent"}}
    turn.emit(HandoffTrace({**told, **more}))
