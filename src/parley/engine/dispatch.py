"""From a step to the code that runs it."""

from __future__ import annotations

from typing import assert_never

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.model_steps import AgentStep, Crew, Knowledge, Operator, Prompted, PromptedSet, Routing
from parley.domain.steps import (
    Api,
    Call,
    Capture,
    Cards,
    Choice,
    Code,
    Condition,
    CustomAction,
    End,
    Function,
    GoTo,
    GoToIntent,
    Image,
    Message,
    Random,
    Reset,
    Set,
    Speak,
    Step,
)
from parley.engine.next import FINISH, RESTART, Goto, Jump, Next
from parley.engine.steps.agent import converse
from parley.engine.steps.api import call_api
from parley.engine.steps.call import call_workflow
from parley.engine.steps.call_forward import forward_call
from parley.engine.steps.capture import capture
from parley.engine.steps.cards import show_cards
from parley.engine.steps.choice import choose
from parley.engine.steps.code import run_code
from parley.engine.steps.condition import branch
from parley.engine.steps.crew import talk_as_crew
from parley.engine.steps.custom import act
from parley.engine.steps.function import call_function
from parley.engine.steps.goto_intent import mean_intent
from parley.engine.steps.handoff import hand_over
from parley.engine.steps.image import show_image
from parley.engine.steps.knowledge import search_knowledge
from parley.engine.steps.message import send_message
from parley.engine.steps.operator import decide
from parley.engine.steps.prompt import answer_prompt
from parley.engine.steps.prompt_set import set_by_prompts
from parley.engine.steps.random import go_randomly
from parley.engine.steps.route import route
from parley.engine.steps.set import set_variables
from parley.engine.steps.speak import speak
from parley.engine.steps.stream import play
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
        case Random() | GoToIntent() | Reset() | Stream() | CallForward() | Handoff():
            return _run_moving(step, turn)
        case Capture():
            return await capture(step, turn)
        case Condition():
            return await branch(step, turn)
        case AgentStep() | Crew() | Operator() | Routing():
            return await _run_thinking(step, turn)
        case Code() | Function() | Api() | Prompted() | PromptedSet() | Knowledge():
            return await _run_waiting(step, turn)
        case End():
            return FINISH
        case _:
            assert_never(step)


def _run_moving(step: Random | GoToIntent | Reset | Stream | CallForward | Handoff, turn: Turn) -> Next:
    match step:
        case Random():
            return go_randomly(step, turn)
        case GoToIntent():
            return mean_intent(step, turn)
        case Reset():
            return RESTART
        case Stream():
            return play(step, turn)
        case CallForward():
            return forward_call(step, turn)
        case Handoff():
            return hand_over(step, turn)
        case _:
            assert_never(step)


async def _run_thinking(step: AgentStep | Crew | Operator | Routing, turn: Turn) -> Next:
    """The steps in which a model is at work."""
    match step:
        case AgentStep():
            return await converse(step, turn)
        case Crew():
            return await talk_as_crew(step, turn)
        case Operator():
            return await decide(step, turn)
        case Routing():
            return await route(step, turn)
        case _:
            assert_never(step)


async def _run_waiting(step: Code | Function | Api | Prompted | PromptedSet | Knowledge, turn: Turn) -> Next:
    """The steps that wait for the world."""
    match step:
        case Code():
            return await run_code(step, turn)
        case Function():
            return await call_function(step, turn)
        case Api():
            return await call_api(step, turn)
        case Prompted():
            return await answer_prompt(step, turn)
        case PromptedSet():
            return await set_by_prompts(step, turn)
        case Knowledge():
            return await search_knowledge(step, turn)
        case _:
            assert_never(step)
