"""The capture step: a reply, whole or the entities in it, into variables.

Source: engine, section 1.10 (captureV2).
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from parley.domain.actions import Action, Files, IntentMatched, NoReply, PathChosen
from parley.domain.ids import StepID
from parley.domain.steps import Capture, Said, WantedEntity
from parley.domain.traces import EntityFillingPayload, EntityFillingTrace, PathPayload, PathTrace
from parley.engine.listening import go_on_listening, listen, unanswered
from parley.engine.moment import moment_of
from parley.engine.next import Goto, Next
from parley.engine.reply import entities_in, said_in
from parley.engine.saying import say
from parley.engine.stored import stored
from parley.engine.triggers import by_intent
from parley.engine.turn import Turn

CAPTURING = "capturing"
"""Storage of the session: the entities captured so far, and how often the next one was asked for."""


class _Capturing(Struct, frozen=True):
    """`asked` counts for the entity that is missing now."""

    found: dict[str, Any] = {}
    asked: Annotated[int, Meta(ge=0)] = 0


def capture(step: Capture, turn: Turn) -> Next:
    """Wait for a reply; take it, unless a trigger or nobody at all can do something with it."""
    action = turn.take()
    if action is None:
        turn.state.storage.pop(CAPTURING, None)
        return listen(step.listening, turn)
    if step.listening.elsewhere and isinstance(action, IntentMatched):
        gone = by_intent(turn, action.intent)
        if gone is not None:
            return gone
    reply = _reply(action)
    if reply is None:
        return unanswered(action, step.listening, turn)
    return _whole(step, step.variable, reply, turn) if step.variable is not None else _parts(step, action, reply, turn)


def _reply(action: Action) -> Any:
    """What can be captured: words, digits, or files that came without words. None for everything else."""
    if isinstance(action, PathChosen | NoReply):
        return None
    words = said_in(action)
    if isinstance(action, Files) and not (words or "").strip():
        return action.files
    return words if words is not None and words.strip() else None


def _whole(step: Capture, variable: str, reply: Any, turn: Turn) -> Next:
    turn.variables.set(variable, reply)
    return _done(step.then, turn)


def _parts(step: Capture, action: Action, reply: Any, turn: Turn) -> Next:
    kept = stored(turn.state.storage, CAPTURING, _Capturing) or _Capturing()
    found = _found(step, kept.found, action, reply if isinstance(reply, str) else "", turn)
    if found:
        kept = _Capturing(kept.found | found)
        for wanted in step.entities:
            if wanted.entity in found:
                turn.variables.set(wanted.variable, found[wanted.entity])
    missing = _missing(step, kept.found)
    if missing is None:
        turn.state.storage.pop(CAPTURING, None)
        return _done(step.then, turn)
    prompts = _prompts(missing, turn)
    is_asked = kept.asked < len(prompts)
    turn.state.storage[CAPTURING] = {"found": kept.found, "asked": kept.asked + is_asked}
    if not is_asked:
        return unanswered(action, step.listening, turn)
    say(prompts[kept.asked], turn)
    turn.emit(EntityFillingTrace(EntityFillingPayload(missing.entity, _as_intent(step, reply, kept.found))))
    return go_on_listening(step.listening, turn)


def _found(step: Capture, known: dict[str, Any], action: Action, text: str, turn: Turn) -> dict[str, Any]:
    """The wanted entities in this reply. The one that is being asked for may be the whole of it."""
    entities = turn.agent.understanding.entities
    given = entities_in(action)
    asked = _missing(step, known)
    found = {}
    for wanted in step.entities:
        if wanted.entity in known:
            continue
        value = given.get(wanted.entity)
        if value is None and text:
            read = entities.whole if wanted is asked else entities.find
            value = read(wanted.entity, text, moment_of(turn))
        if value is not None:
            found[wanted.entity] = value
    return found


def _missing(step: Capture, known: dict[str, Any]) -> WantedEntity | None:
    return next((wanted for wanted in step.entities if wanted.entity not in known), None)


def _prompts(missing: WantedEntity, turn: Turn) -> tuple[Said, ...]:
    entity = turn.program.entities.get(missing.entity)
    return missing.reprompts or (() if entity is None else entity.reprompt)


def _as_intent(step: Capture, query: Any, found: dict[str, Any]) -> dict[str, Any]:
    """What the client is told of the capture: an intent named after the step."""
    entities = [{"name": name, "value": value} for name, value in found.items()]
    return {"type": "intent", "payload": {"intent": {"name": step.id}, "query": query, "entities": entities}}


def _done(then: StepID | None, turn: Turn) -> Goto:
    turn.emit(PathTrace(PathPayload("capture")))
    return Goto(then)
