"""The custom action step: a trace that only the client understands, and the client's answer to it.

Source: engine, section 1.10 (`_v1`); Conversations API, sections 2.2 and 4.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from parley.domain.actions import Action, IntentMatched, NoReply
from parley.domain.steps import CustomAction
from parley.domain.traces import CustomTrace, TracePath
from parley.engine import triggers
from parley.engine.next import WAIT, Goto, Next
from parley.engine.templates import render, render_json
from parley.engine.turn import Turn


def act(step: CustomAction, turn: Turn) -> Next:
    """Send the trace; wait for the client where the step or the turn's config says so."""
    action = turn.take()
    if action is not None:
        return _answered(step, action, turn)
    turn.emit(_trace(step, turn))
    if step.stop or turn.config.stop_all or step.action in turn.config.stop_types:
        return WAIT
    return _default(step)


def _answered(step: CustomAction, action: Action, turn: Turn) -> Next:
    for path in step.paths:
        if path.label == action.type:
            return Goto(path.then)
    if isinstance(action, NoReply):
        return WAIT
    gone = triggers.by_intent(turn, action.intent) if isinstance(action, IntentMatched) else None
    return gone or _default(step)


def _default(step: CustomAction) -> Goto:
    """The default path, else what comes after the step."""
    if step.default is not None and 0 <= step.default < len(step.paths):
        return Goto(step.paths[step.default].then)
    return Goto(step.then)


def _trace(step: CustomAction, turn: Turn) -> CustomTrace:
    return CustomTrace(
        step.action,
        _payload(step, turn),
        UNSET if step.default is None else step.default,
        [TracePath(path.label, {"type": path.label}) for path in step.paths],
    )


def _payload(step: CustomAction, turn: Turn) -> Any:
    if step.body_is_json or not isinstance(step.body, str):
        return render_json(step.body, turn.variables)
    return render(step.body, turn.variables)
