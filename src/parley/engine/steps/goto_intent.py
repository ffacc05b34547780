"""The step that goes on as if the user had meant an intent, required entities and all.

Source: engine, sections 1.4 and 1.10 (goTo): the intent becomes the next action, which the server answers itself.
"""

from __future__ import annotations

from parley.domain.actions import IntentMatched
from parley.domain.steps import GoToIntent, Listening
from parley.domain.traces import debug
from parley.engine import triggers
from parley.engine.filling import intent_action
from parley.engine.listening import unanswered
from parley.engine.next import Delegate, Goto, Next
from parley.engine.turn import Turn

_WAITING = Listening()


def mean_intent(step: GoToIntent, turn: Turn) -> Next:
    """Have the intent answered; on with the step where nothing starts with it."""
    action = turn.take()
    if action is None:
        return Delegate(intent_action(step.intent, "", [], 1.0))
    if isinstance(action, IntentMatched) and action.intent == step.intent:
        gone = triggers.by_intent(turn, step.intent)
        if gone is None:
            turn.emit(debug(f"nothing starts with the intent '{step.intent}'", level="warn"))
        return gone or Goto(step.then)
    return unanswered(action, _WAITING, turn)
