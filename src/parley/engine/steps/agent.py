"""The agent step: a language model that answers replies by its instructions until it chooses one of its paths.

It is asked once a turn and has no tools but its paths.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.actions import Action, IntentMatched, NoReply
from parley.domain.model_steps import AgentPath, AgentStep
from parley.domain.traces import PathPayload, PathTrace, debug
from parley.engine import triggers
from parley.engine.asking import ask, remembered
from parley.engine.listening import go_on_listening, listen, no_match, unanswered, unheard
from parley.engine.next import Goto, Next
from parley.engine.reply import said_in
from parley.engine.telling import Telling
from parley.engine.templates import render
from parley.engine.turn import Turn
from parley.ports.llm import Asked, ToolCall, ToolOffer


async def converse(step: AgentStep, turn: Turn) -> Next:
    """Answer; wait for the next reply, or go the way that was chosen."""
    action = turn.take()
    gone = None if action is None else _not_for_it(step, action, turn)
    if gone is not None:
        return gone
    telling = Telling(turn, streams=turn.config.completion_events)
    answer = await ask(_asked(step, turn), turn, telling.hear)
    if answer is None:
        return no_match(step.listening, turn)
    if answer.text.strip():
        telling.finish(answer.text.strip())
    for call in answer.calls:
        chosen = next((path for path in step.paths if path.name == call.name), None)
        if chosen is not None:
            return _leave(step, chosen, call, turn)
        turn.emit(debug(f"the model called '{call.name}', which it was not offered", level="warn"))
    if step.each_turn is not None:
        return Goto(step.each_turn.then)
    return listen(step.listening, turn) if action is None else go_on_listening(step.listening, turn)


def _not_for_it(step: AgentStep, action: Action, turn: Turn) -> Next | None:
    """Where an action leads that is not for the model to answer: silence, a trigger's intent, nobody's words."""
    if isinstance(action, NoReply):
        return unanswered(action, step.listening, turn)
    if step.listening.elsewhere and isinstance(action, IntentMatched):
        gone = triggers.by_intent(turn, action.intent)
        if gone is not None:
            return gone
    return unheard(action, turn) if said_in(action) is None else None


def _asked(step: AgentStep, turn: Turn) -> Asked:
    offers = tuple(_offer(path) for path in step.paths)
    return Asked(remembered(turn), render(step.instructions, turn.variables), offers, step.settings)


def _offer(path: AgentPath) -> ToolOffer:
    return ToolOffer(path.name, path.about, {"type": "object", "properties": {name: {} for name in path.variables}})


def _leave(step: AgentStep, path: AgentPath, call: ToolCall, turn: Turn) -> Next:
    try:
        values = msgspec.json.decode(call.arguments, type=dict[str, Any])
    except msgspec.MsgspecError:
        turn.emit(debug(f"the model called '{call.name}' with arguments that are no JSON object", level="warn"))
        values = {}
    for name in path.variables:
        if name in values:
            turn.variables.set(name, values[name])
    turn.emit(PathTrace(PathPayload(f"choice:{step.paths.index(path) + 1}")))
    return Goto(step.then if path.then is None else path.then)
