"""The choice step: buttons, labels and intents to choose from."""

from __future__ import annotations

from parley.domain.steps import Choice
from parley.domain.traces import ChoicePayload, ChoiceTrace
from parley.engine.listening import listen, unanswered
from parley.engine.next import Next
from parley.engine.options import buttons, chosen, follow
from parley.engine.turn import Turn


def choose(step: Choice, turn: Turn) -> Next:
    """Show the options and wait; go the way of the one that the reply chooses."""
    action = turn.take()
    if action is None:
        _show(step, turn)
        return listen(step.listening, turn)
    option = chosen(step.options, action, turn)
    if option is not None:
        return follow(option, step.options, step.then, action, turn)
    return unanswered(action, step.listening, turn, lambda: _show(step, turn))


def _show(step: Choice, turn: Turn) -> None:
    shown = buttons(step.options, turn)
    if shown:
        turn.emit(ChoiceTrace(ChoicePayload(shown, turn.message_id())))
