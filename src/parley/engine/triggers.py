"""What can take an action away from the step that waits: triggers of the workflows on the stack, then of the project.

Source: engine 1.8 (commands), Conversations API section 8 (order: local, workflow, global, no-match).
"""

from __future__ import annotations

from parley.domain.program import Trigger
from parley.engine.builtin_intents import of_itself
from parley.engine.next import Jump, Next, Push
from parley.engine.turn import Turn


def by_intent(turn: Turn, intent: str) -> Next | None:
    """Where this intent leads from here, by a trigger or of itself; None when nothing listens for it."""
    return _go(turn, turn.agent.intent_triggers.get(intent, ())) or of_itself(intent, turn)


def by_event(turn: Turn, event: str) -> Jump | Push | None:
    """Where this project event leads from here, None when nothing listens for it."""
    return _go(turn, turn.agent.event_triggers.get(event, ()))


def intents_in_scope(turn: Turn) -> frozenset[str]:
    """The intents that some trigger listens for here, and those that do something of themselves."""
    found, local = turn.agent.intents_everywhere, turn.agent.local_intents
    if local:
        for frame in turn.state.stack:
            if frame.workflow in local:
                found |= local[frame.workflow]
    return found


def _go(turn: Turn, candidates: tuple[Trigger, ...]) -> Jump | Push | None:
    trigger = _nearest(turn, candidates)
    if trigger is None:
        return None
    if trigger.calls and not _is_interrupted_by(turn, trigger):
        return Push(trigger.workflow, then=turn.frame.step, step=trigger.step, interrupts=True)
    return Jump(trigger.workflow, trigger.step)


def _is_interrupted_by(turn: Turn, trigger: Trigger) -> bool:
    """Whether this workflow is interrupting already: then it begins again, however often a user asks for help."""
    return any(f.workflow == trigger.workflow and f.storage.get("interrupts") for f in turn.state.stack)


def _nearest(turn: Turn, candidates: tuple[Trigger, ...]) -> Trigger | None:
    for frame in reversed(turn.state.stack):
        for trigger in candidates:
            if trigger.workflow == frame.workflow:
                return trigger
    return next((trigger for trigger in candidates if trigger.everywhere), None)
