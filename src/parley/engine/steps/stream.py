"""The stream step: an audio player that the user stops, skips and takes up again by voice, or the client by itself.

The player's actions are the builtin intents (`VF.PAUSE`) or actions of these types (`PAUSE`); `END` is what a client
sends when the audio is over. Source: Conversations API, section 4 (`stream`); engine, section 1.10.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET

from parley.domain.actions import Action, Custom, IntentMatched
from parley.domain.channel_steps import Stream
from parley.domain.channel_traces import StreamPayload, StreamTrace
from parley.domain.step_parts import Listening
from parley.engine.builtin_intents import PLAYER, player_command
from parley.engine.listening import unanswered
from parley.engine.next import FINISH, WAIT, Goto, Next
from parley.engine.templates import render
from parley.engine.turn import Turn

_LISTENING = Listening()


def play(step: Stream, turn: Turn) -> Next:
    """Begin to play and wait; then do what the user or the client says."""
    action = turn.take()
    if action is None:
        return _play(step, turn)
    command = _command(action)
    if command is None:
        return unanswered(action, _LISTENING, turn)
    return _obey(step, command, turn)


def _command(action: Action) -> str | None:
    if isinstance(action, IntentMatched):
        return player_command(action.intent)
    if isinstance(action, Custom) and action.type.upper() in PLAYER:
        return action.type.upper()
    return None


def _obey(step: Stream, command: str, turn: Turn) -> Next:
    match command:
        case "PAUSE":
            _tell(step, "PAUSE", turn)
            return WAIT if step.paused is None else Goto(step.paused.then)
        case "RESUME" | "PLAY" | "START_OVER":
            return _play(step, turn)
        case "PREVIOUS":
            return _play(step, turn) if step.previous is None else _leave(step, Goto(step.previous.then), turn)
        case "CANCEL" | "STOP":
            return _leave(step, FINISH, turn)
        case "END" if step.loop:
            return _play(step, turn)
        case _:
            return _leave(step, Goto(step.then), turn)


def _play(step: Stream, turn: Turn) -> Next:
    _tell(step, "LOOP" if step.loop else "PLAY", turn)
    return WAIT


def _leave(step: Stream, to: Next, turn: Turn) -> Next:
    _tell(step, "END", turn)
    return to


def _tell(step: Stream, action: Literal["LOOP", "PLAY", "PAUSE", "END"], turn: Turn) -> None:
    src, *about = (
        render(text, turn.variables) for text in (step.src, step.title, step.description, step.icon, step.background)
    )
    title, description, icon, background = (text or UNSET for text in about)
    turn.emit(
        StreamTrace(StreamPayload(src, step.id, action, step.loop or UNSET, title, description, icon, background))
    )
