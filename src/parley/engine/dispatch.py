"""From a step to the code that runs it."""

from __future__ import annotations

from typing import assert_never

from parley.domain.steps import (
    Call,
    Capture,
    Cards,
    Choice,
    Condition,
    CustomAction,
    End,
    GoTo,
    Image,
    Message,
    Set,
    Speak,
    Step,
)
from parley.engine.next import FINISH, Goto, Jump, Next
from parley.engine.steps.call import call_workflow
from parley.engine.steps.capture import capture
from parley.engine.steps.cards import show_cards
from parley.engine.steps.choice import choose
from parley.engine.steps.condition import branch
from parley.engine.steps.custom import act
from parley.engine.steps.image import show_image
from parley.engine.steps.message import send_message
from parley.engine.steps.set import set_variables
from parley.engine.steps.speak import speak
from parley.engine.turn import Turn


async def run_step(step: Step, turn: Turn) -> Next:
    """Run one step. A kind without a case fails the type check."""
    match step:
        case Message():
            return send_message(step, turn)
        case Speak():
            return speak(step, turn)
        case Choice():
            return choose(step, turn)
        case Capture():
            return capture(step, turn)
        case Condition():
            return branch(step, turn)
        case Set():
            return set_variables(step, turn)
        case Call():
            return call_workflow(step, turn)
        case GoTo():
            return Goto(step.then) if step.workflow is None else Jump(step.workflow, step.then)
        case Image():
            return show_image(step, turn)
        case Cards():
            return show_cards(step, turn)
        case CustomAction():
            return act(step, turn)
        case End():
            return FINISH
        case _:
            assert_never(step)
