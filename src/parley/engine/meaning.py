"""What the user's words mean to whoever listens now: the intents of the waiting step and of the triggers in scope.

Done once a turn, before the step sees the action, so that steps know of intents only as actions.
"""

from __future__ import annotations

from collections.abc import Set

from parley.domain.actions import IntentMatched
from parley.domain.channel_steps import Stream
from parley.domain.model_steps import AgentStep, Crew, Routing
from parley.domain.steps import Capture, Cards, Choice, CustomAction, Step
from parley.engine import triggers
from parley.engine.builtin_intents import player_intents
from parley.engine.filling import fill, intent_action, is_filling, resume_filling
from parley.engine.moment import moment_of
from parley.engine.next import Wait
from parley.engine.options import labelled, options_of
from parley.engine.reply import typed_in
from parley.engine.transfers import path_for, waiting_at
from parley.engine.turn import Turn
from parley.engine.understanding import SURE


async def find_meaning(turn: Turn, step: Step | None) -> Wait | None:
    """Replace the action by the intent it means. WAIT: an entity of the intent was asked for, the turn is over."""
    if not turn.program.intents or _is_answered_literally(turn, step):
        return None
    text = typed_in(turn.action)
    own, others = _own_intents(turn, step), _other_intents(turn, step)
    matched = turn.action if isinstance(turn.action, IntentMatched) else None
    if text is not None and (own or others):
        matched = await _understood(text, own, others, turn)
        is_open = isinstance(step, Capture | AgentStep | Crew | Routing)
        if matched is not None and is_open and matched.confidence <= SURE:
            matched = None
    matched = resume_filling(turn, text, matched)
    if matched is None or not (matched.intent in own or matched.intent in others):
        return None
    return fill(matched, text, turn)


def _is_answered_literally(turn: Turn, step: Step | None) -> bool:
    """Whether the step takes the action as it is: a label, or the name of a path."""
    if isinstance(step, Choice | Cards):
        return labelled(options_of(step), typed_in(turn.action), turn) is not None
    if isinstance(step, CustomAction):
        return any(path.label == turn.action.type for path in step.paths)
    waiting = waiting_at(step, turn)
    return waiting is not None and path_for(waiting.to, turn.action) is not None


async def _understood(text: str, own: Set[str], others: Set[str], turn: Turn) -> IntentMatched | None:
    """The surer meaning; the step's own where both are as sure. What is none may still be like an utterance."""
    understand, moment = turn.agent.understanding.understand, moment_of(turn)
    here = understand(text, moment, own) if own else None
    if others and (here is None or here.confidence < 1.0):
        there = understand(text, moment, others)
        if there is not None and (here is None or there.confidence > here.confidence):
            here = there
    if here is None and not is_filling(turn):
        here = await turn.agent.understanding.guess(text, moment, own | others)
    return None if here is None else intent_action(here.intent, text, here.entities, here.confidence)


def _own_intents(turn: Turn, step: Step | None) -> set[str]:
    if isinstance(step, Stream):
        return player_intents(turn.program.intents)
    if isinstance(step, Choice | Cards):
        return {option.intent for option in options_of(step) if option.intent is not None}
    return set()


def _other_intents(turn: Turn, step: Step | None) -> Set[str]:
    if isinstance(step, Choice | Capture | Cards | AgentStep | Crew) and not step.listening.elsewhere:
        return frozenset()
    return triggers.intents_in_scope(turn)
