"""The capture step: a reply, whole or the entities in it, into variables.

A reply is judged by a model where the step has exit scenarios, and where values were found that its rules are about;
what is missing is asked for by the model where the step says so, else by its prompts. Source: engine, sections 1.10
(captureV2) and 3 (capture-v3).
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from parley.domain.actions import Action, Files, IntentMatched, NoReply, PathChosen
from parley.domain.ids import StepID
from parley.domain.steps import Capture, Said, WantedEntity
from parley.domain.traces import EntityFillingPayload, EntityFillingTrace, PathPayload, PathTrace
from parley.engine.filling import told
from parley.engine.judging import judge
from parley.engine.listening import go_on_listening, listen, unanswered
from parley.engine.moment import moment_of
from parley.engine.next import Goto, Next
from parley.engine.reply import entities_in, said_in
from parley.engine.reprompting import known_of, rules_of, say_reprompt
from parley.engine.saying import say
from parley.engine.stored import stored
from parley.engine.templates import render
from parley.engine.triggers import by_intent
from parley.engine.turn import Turn

CAPTURING = "capturing"
"""Storage of the session: the entities captured so far, and how often the next one was asked for."""


class _Capturing(Struct, frozen=True):
    """`asked` counts for the entity that is missing now."""

    found: dict[str, Any] = {}
    asked: Annotated[int, Meta(ge=0)] = 0


class _Judgement(Struct, frozen=True):
    """What the model finds of a reply: whether it is a reason to stop, and which rules (finished texts) it breaks."""

    leaves: bool = False
    broken: tuple[str, ...] = ()


async def capture(step: Capture, turn: Turn) -> Next:
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
    if step.variable is not None:
        return _whole(step, step.variable, reply, turn)
    return await _parts(step, action, reply, turn)


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
    return _done(step.then, "capture", turn)


async def _parts(step: Capture, action: Action, reply: Any, turn: Turn) -> Next:
    kept = stored(turn.state.storage, CAPTURING, _Capturing) or _Capturing()
    found = _found(step, kept.found, action, reply if isinstance(reply, str) else "", turn)
    judgement = await _judged(step, kept.found, found, turn)
    if judgement.leaves and step.exits is not None:
        return _done(step.exits.then, "exit-scenario", turn)
    if judgement.broken:
        found = {}
    if found:
        kept = _Capturing(kept.found | found)
        for wanted in step.entities:
            if wanted.entity in found:
                turn.variables.set(wanted.variable, found[wanted.entity])
    missing = _missing(step, kept.found)
    if missing is None:
        return _done(step.then, "capture", turn)
    if step.improvises and await say_reprompt(step, kept.found, judgement.broken, turn):
        turn.state.storage[CAPTURING] = {"found": kept.found, "asked": kept.asked}
    else:
        prompts = _prompts(missing, turn)
        is_asked = kept.asked < len(prompts)
        turn.state.storage[CAPTURING] = {"found": kept.found, "asked": kept.asked + is_asked}
        if not is_asked:
            return _given_up(step, missing, action, turn)
        say(prompts[kept.asked], turn)
    turn.emit(EntityFillingTrace(EntityFillingPayload(missing.entity, told(_as_intent(step, reply, kept.found)))))
    return go_on_listening(step.listening, turn)


def _given_up(step: Capture, missing: WantedEntity, action: Action, turn: Turn) -> Next:
    """All has been said for this entity: its own way, else that of every reply that fits nothing."""
    if missing.given_up is None:
        return unanswered(action, step.listening, turn)
    return _done(missing.given_up.then, "choice:else", turn)


async def _judged(step: Capture, known: dict[str, Any], found: dict[str, Any], turn: Turn) -> _Judgement:
    """One question about all scenarios and rules. What the model leaves open is no reason to stop, and no fault."""
    scenarios = () if step.exits is None else tuple(render(each, turn.variables) for each in step.exits.scenarios)
    rules = rules_of(step, turn) if found else []
    if not scenarios and not rules:
        return _Judgement()
    statements = [*scenarios, *(f"What is known breaks this rule: {rule}" for rule in rules)]
    true = await judge(statements, step.briefing, turn, known_of(known | found)) or frozenset()
    broken = tuple(rule for n, rule in enumerate(rules, len(scenarios)) if n in true)
    return _Judgement(any(n < len(scenarios) for n in true), broken)


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


def _done(then: StepID | None, path: str, turn: Turn) -> Goto:
    turn.state.storage.pop(CAPTURING, None)
    turn.emit(PathTrace(PathPayload(path)))
    return Goto(then)
