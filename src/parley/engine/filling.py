"""Asking for what an intent cannot do without: its required entities, one after another.

The intent is kept in the session's storage under `dm` with what was found of it, until it is complete, another
intent is meant, the conversation moves elsewhere, or asking does not help. Source: engine, section 1.7.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from parley.domain.actions import IntentMatched
from parley.domain.program import RequiredEntity
from parley.domain.steps import Said
from parley.domain.traces import EntityFillingPayload, EntityFillingTrace, debug
from parley.engine.listening import FILLING
from parley.engine.moment import moment_of
from parley.engine.next import WAIT, Wait
from parley.engine.reply import entities_in
from parley.engine.saying import say
from parley.engine.stored import stored
from parley.engine.templates import text_of
from parley.engine.turn import Turn
from parley.engine.understanding import SURE


class _Filling(Struct, frozen=True):
    """`wanted` is the entity that was asked for, `asked` times; `step` and `depth` are where that was."""

    intent: str
    query: str
    confidence: float
    entities: list[dict[str, Any]]
    wanted: str
    asked: Annotated[int, Meta(ge=0)]
    step: str | None
    depth: int


def intent_action(intent: str, query: str, entities: list[dict[str, Any]], confidence: float) -> IntentMatched:
    """The action that a client would send for what was understood."""
    payload = {"intent": {"name": intent}, "query": query, "entities": entities, "confidence": confidence}
    return IntentMatched({"type": "intent", "payload": payload}, intent, query, entities, confidence)


def told(intent: dict[str, Any]) -> dict[str, Any]:
    """An intent action as a trace tells it: the values of its entities are texts there."""
    payload = intent["payload"]
    entities = [
        {**each, "value": text_of(each["value"])} if isinstance(each, dict) and "value" in each else each
        for each in payload.get("entities", ())
    ]
    return {**intent, "payload": {**payload, "entities": entities}}


def resume_filling(turn: Turn, text: str | None, matched: IntentMatched | None) -> IntentMatched | None:
    """What the reply means, now that an entity was asked for: the kept intent with what the reply adds to it.

    `text` is what the user said, `matched` what it means by itself; that is the answer where nothing was asked.
    """
    kept = _kept(turn)
    if kept is None:
        return matched
    other = matched is not None and matched.intent != kept.intent and matched.confidence > SURE
    if other or (text is None and matched is None):
        return matched
    found = {entity["name"]: entity for entity in _named(kept.entities)}
    found |= {entity["name"]: entity for entity in _named(matched.entities if matched is not None else [])}
    if text is not None:
        answered = turn.agent.understanding.answers.read(kept.intent, kept.wanted, text, moment_of(turn))
        found |= {entity["name"]: entity for entity in answered}
    if text is not None and kept.wanted not in found:
        value = turn.agent.understanding.entities.whole(kept.wanted, text, moment_of(turn))
        if value is not None:
            found[kept.wanted] = {"name": kept.wanted, "value": value, "query": text}
    return intent_action(kept.intent, kept.query, list(found.values()), kept.confidence)


def is_filling(turn: Turn) -> bool:
    """Whether an entity was asked for here: then a reply is more likely that than a remark about something else."""
    return _kept(turn) is not None


def fill(matched: IntentMatched, text: str | None, turn: Turn) -> Wait | None:
    """Make the intent the turn's action once it is complete; WAIT when the user was asked for what is missing.

    None with the action unchanged: asking has not helped, and the reply is what it is.
    """
    entities = [*_named(matched.entities), *_mentioned(matched, text, turn)]
    matched = intent_action(matched.intent, matched.query, entities, matched.confidence)
    missing = _missing(matched, turn)
    kept = _kept(turn)
    asked = kept.asked if kept is not None and missing is not None and kept.wanted == missing.entity else 0
    prompts = () if missing is None else _prompts(missing, turn)
    if missing is not None and prompts and asked > len(prompts):
        turn.state.storage.pop(FILLING, None)
        return None
    if missing is not None and prompts:
        return _ask(matched, missing, prompts[min(asked, len(prompts) - 1)], asked, turn)
    if missing is not None:
        turn.emit(debug(f"intent '{matched.intent}' needs '{missing.entity}', but has nothing to ask", level="warn"))
    turn.state.storage.pop(FILLING, None)
    _take(matched, turn)
    return None


def _ask(matched: IntentMatched, missing: RequiredEntity, prompt: Said, asked: int, turn: Turn) -> Wait:
    turn.state.storage[FILLING] = {
        "intent": matched.intent,
        "query": matched.query,
        "confidence": matched.confidence,
        "entities": matched.entities,
        "wanted": missing.entity,
        "asked": asked + 1,
        "step": turn.frame.step,
        "depth": len(turn.state.stack),
    }
    say(prompt, turn, is_aside=True)
    turn.emit(EntityFillingTrace(EntityFillingPayload(missing.entity, told(matched.wire))))
    turn.take()
    return WAIT


def _take(matched: IntentMatched, turn: Turn) -> None:
    for name, value in entities_in(matched).items():
        if name in turn.program.entities:
            turn.variables.set(name, value)
    turn.variables.set("intent_confidence", round(matched.confidence * 100, 2))
    turn.replace(matched)


def _named(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entity for entity in entities if isinstance(entity.get("name"), str)]


def _kept(turn: Turn) -> _Filling | None:
    kept = stored(turn.state.storage, FILLING, _Filling)
    if kept is not None and kept.step == turn.frame.step and kept.depth == len(turn.state.stack):
        return kept
    turn.state.storage.pop(FILLING, None)
    return None


def _required(intent: str, turn: Turn) -> tuple[RequiredEntity, ...]:
    declared = turn.program.intents.get(intent)
    return () if declared is None else declared.required


def _missing(matched: IntentMatched, turn: Turn) -> RequiredEntity | None:
    found = entities_in(matched)
    return next((wanted for wanted in _required(matched.intent, turn) if wanted.entity not in found), None)


def _mentioned(matched: IntentMatched, text: str | None, turn: Turn) -> list[dict[str, Any]]:
    """Required entities that the text mentions outside the gaps of the utterance."""
    if not text:
        return []
    found = entities_in(matched)
    read = turn.agent.understanding.entities.find
    wanted = [w.entity for w in _required(matched.intent, turn) if w.entity not in found]
    values = [(name, read(name, text, moment_of(turn))) for name in wanted]
    return [{"name": name, "value": value, "query": text} for name, value in values if value is not None]


def _prompts(missing: RequiredEntity, turn: Turn) -> tuple[Said, ...]:
    if missing.reprompts:
        return missing.reprompts
    entity = turn.program.entities.get(missing.entity)
    return () if entity is None else entity.reprompt
