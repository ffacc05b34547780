"""Saying something: which variant, what the trace looks like, and what is remembered of it.

Source: Conversations API, sections 2.2 (the text trace) and 6 (`last_response`, memory); engine, section 1.10.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from parley.domain.ids import StepID
from parley.domain.steps import Said
from parley.domain.traces import Slate, SpeakPayload, SpeakTrace, TextPayload, TextTrace
from parley.engine.conditions import holds
from parley.engine.stored import stored
from parley.engine.templates import render, render_slate, slate_of
from parley.engine.turn import Turn

RANDOMS = "randoms"
"""Storage of the session: step id -> index of the variant that chance chose last."""
OUTPUT = "output"
"""Storage of a frame: what was last said in it, to be said again after an interruption."""


REPEAT = "repeat"
"""Storage of the session: all that was said in the last turn that said something, where users may hear it again."""


class _Output(Struct, frozen=True):
    message: str
    content: list[Any] = []
    delay: int | None = None
    spoken: bool = False
    audio: str | None = None


class _Outputs(Struct, frozen=True):
    turn: str
    outputs: list[_Output] = []


def variant_of(step: StepID, variants: tuple[Said, ...], turn: Turn) -> Said | None:
    """The first conditioned variant that holds, else one without condition by chance: never twice the same in a row.

    None where no variant may be said now.
    """
    if len(variants) == 1 and variants[0].when is None:
        return variants[0]
    for said in variants:
        if said.when is not None and holds(said.when, turn):
            return said
    free = [i for i, said in enumerate(variants) if said.when is None]
    if not free:
        return None
    storage = turn.state.storage
    used = storage.get(RANDOMS)
    if not isinstance(used, dict):
        used = storage[RANDOMS] = {}
    if len(free) > 1 and used.get(step) in free:
        free.remove(used[step])
    chosen = free[0] if len(free) == 1 else turn.random.choice(free)
    used[step] = chosen
    return variants[chosen]


def say(said: Said, turn: Turn, *, is_aside: bool = False) -> None:
    """Say it as a text; as speech where it is a recording or the agent is one that speaks.

    An aside (asking for an entity of an intent that leads elsewhere) is not what is said again after an interruption.
    """
    before = turn.frame.storage.get(OUTPUT)
    _say(said, turn)
    if is_aside and before is not None:
        turn.frame.storage[OUTPUT] = before


def _say(said: Said, turn: Turn) -> None:
    if said.audio is not None or turn.program.settings.modality == "voice":
        speak_aloud(said, turn)
        return
    message = render(said.text, turn.variables)
    content = slate_of(message) if said.slate is None else render_slate(said.slate, turn.variables)
    keep({"message": message, "content": content, "delay": said.delay}, turn)
    emit_text(message, content, said.delay, turn)


def speak_aloud(said: Said, turn: Turn) -> None:
    """Say it as speech: to be synthesised, or a recording."""
    message = render(said.text, turn.variables)
    audio = None if said.audio is None else render(said.audio, turn.variables)
    keep({"message": message, "spoken": True, "audio": audio}, turn)
    emit_speech(message, audio, turn)


def keep(output: dict[str, Any], turn: Turn) -> None:
    """Remember what is being said, to say it again."""
    turn.frame.storage[OUTPUT] = output
    if turn.program.settings.repeat == "all":
        kept = turn.state.storage.get(REPEAT)
        if not isinstance(kept, dict) or kept.get("turn") != turn.id or not isinstance(kept.get("outputs"), list):
            kept = turn.state.storage[REPEAT] = {"turn": turn.id, "outputs": []}
        kept["outputs"].append(output)


def repeat(turn: Turn) -> None:
    """Say again what a user who asks for that hears: the last thing, or all of the last turn that said something."""
    kept = stored(turn.state.storage, REPEAT, _Outputs) if turn.program.settings.repeat == "all" else None
    if kept is None:
        say_again(turn)
        return
    for output in kept.outputs:
        _emit(output, turn)


def say_again(turn: Turn) -> None:
    """Repeat what was last said in the frame on top."""
    output = stored(turn.frame.storage, OUTPUT, _Output)
    if output is not None:
        _emit(output, turn)


def _emit(output: _Output, turn: Turn) -> None:
    if output.spoken:
        emit_speech(output.message, output.audio, turn)
    else:
        emit_text(output.message, output.content, output.delay, turn)


def emit_text(message: str, content: list[Any], own_delay: int | None, turn: Turn) -> None:
    """A text that is ready to be shown. `own_delay` is in milliseconds, None for the project's."""
    id = turn.message_id()
    delay = turn.program.settings.message_delay if own_delay is None else own_delay
    turn.emit(TextTrace(TextPayload(Slate(id, content, delay), message, id, delay)))
    _note(message, turn)


def emit_speech(message: str, audio: str | None, turn: Turn) -> None:
    """Speech that is ready to be synthesised, or a recording."""
    kind = "message" if audio is None else "audio"
    turn.emit(SpeakTrace(SpeakPayload(message, kind, UNSET if audio is None else audio)))
    _note(message, turn)


def _note(message: str, turn: Turn) -> None:
    if turn.is_hushed:
        return
    turn.variables.set("last_response", message)
    turn.variables.memory.said("assistant", message)
