"""Runs one turn: from the action to the next step that waits, or to the end. Knows no session and no transport.

Source: engine, sections 1.3, 1.4 and 1.8.
"""

from __future__ import annotations

import copy
from typing import assert_never

from parley.domain.actions import (
    Custom,
    Dtmf,
    EventSent,
    Files,
    Injected,
    IntentMatched,
    Joined,
    Launch,
    PathChosen,
    SelfDescribing,
    Text,
)
from parley.domain.channel_steps import Handoff, Stream
from parley.domain.ids import StepID
from parley.domain.injection import injection_event
from parley.domain.model_steps import AgentStep, Crew, Routing
from parley.domain.steps import Capture, Cards, Choice, CustomAction, Function, GoTo, GoToIntent, Step
from parley.domain.traces import (
    BlockPayload,
    BlockTrace,
    EndTrace,
    GotoPayload,
    GotoTrace,
    debug,
)
from parley.engine import triggers
from parley.engine.asking import say_answer
from parley.engine.briefed import files_told
from parley.engine.dispatch import run_step
from parley.engine.injected import take_injections, tell_injections, unmarked
from parley.engine.listening import say_no_match, unheard
from parley.engine.logs import log_of_step
from parley.engine.meaning import find_meaning
from parley.engine.next import Delegate, Finish, Goto, Improvise, Jump, Next, Push, Restart, Wait
from parley.engine.options import options_of, path_of
from parley.engine.remembering import close_accounts, shorten_memory
from parley.engine.reply import said_in
from parley.engine.saying import repeat
from parley.engine.stack import come_back, finish, first, jump, push, reset, restart, start_of, unwind
from parley.engine.standing_in import greet, is_held, stand_in
from parley.engine.steps.function import take_path
from parley.engine.transfers import heard, path_for, waiting_at
from parley.engine.turn import Turn
from parley.errors import LimitCrossed

DELEGATIONS = 3
"""Actions that a turn may have answered by itself."""


async def run(turn: Turn) -> None:
    """Answer the turn's action. `turn.finished` tells afterwards whether the conversation is over.

    Never raises for what an agent's author or user does wrong: that becomes debug traces.
    """
    if not (is_held(turn) or isinstance(turn.action, Joined)):
        take_injections(turn)
    _note(turn)
    if isinstance(turn.action, SelfDescribing) or stand_in(turn):
        return
    # Where a person has just given the conversation back, the agent knows now what came meanwhile.
    take_injections(turn)
    try:
        if not turn.state.stack or (isinstance(turn.action, Launch) and _begins_anew(turn.action, turn)):
            first = await _begin(turn)
        elif isinstance(turn.action, Launch):
            first = _go_on(turn)
        else:
            first = await _resume(turn)
        await _answer(turn, first)
    except LimitCrossed as crossed:
        turn.emit(debug(crossed.message, level="error", context=crossed.limit))
        if crossed.limit == "model_calls":
            say_no_match(turn)
    await shorten_memory(turn)
    close_accounts(turn)


async def _answer(turn: Turn, going: Next) -> None:
    """Go on from here, and answer what the steps delegate, a few times."""
    for left in range(DELEGATIONS, -1, -1):
        delegated = await _cycle(turn, going)
        if delegated is None:
            return
        if turn.config.self_delegate or not left:
            turn.emit(GotoTrace(GotoPayload(delegated.action.wire)))
            return
        turn.variables.set("last_event", delegated.action.wire)
        turn.replace(delegated.action)
        going = await _resume(turn)


def _note(turn: Turn) -> None:
    """Write down what every action changes before it is answered (Conversations API, section 6)."""
    variables, action = turn.variables, turn.action
    if turn.config.user_timezone:
        variables.set("vf_user_timezone", turn.config.user_timezone)
    if not isinstance(action, Injected):
        variables.set("last_event", action.wire)
    if isinstance(action, Text | PathChosen | Dtmf):
        variables.set("last_utterance", said_in(action))
    elif isinstance(action, Files) and action.text:
        variables.set("last_utterance", action.text)
    elif isinstance(action, IntentMatched):
        variables.set("last_utterance", action.query)
        variables.set("intent_confidence", round(action.confidence * 100, 2))
    _remember(turn)


def _remember(turn: Turn) -> None:
    """What the user has just said is a part of the conversation."""
    action = turn.action
    if isinstance(action, Files):
        turn.variables.memory.told(files_told(action.files))
    words = said_in(action)
    if words is not None and (words or isinstance(action, Text)):
        turn.variables.memory.said("user", unmarked(words))


async def _begin(turn: Turn) -> Next:
    """From the start, unless a trigger listens for the very first thing that the client says."""
    start = turn.program.workflows[turn.program.start]
    reset(turn.state, start.id)
    # What comes with this very turn belongs to the conversation that begins with it.
    tell_injections(turn)
    _remember(turn)
    greet(turn)
    _dress(turn)
    turn.frame.step = start.start
    turn.frame.variables = dict.fromkeys(start.variables, 0)
    turn.variables.enter(turn.frame.variables)
    turn.emit(debug("starting conversation", context="Start"))
    return await find_meaning(turn, None) or _elsewhere(turn) or first(turn)


def _dress(turn: Turn) -> None:
    """Give the variables the values of the persona that the launch names, if it names one."""
    name = turn.action.payload.get("persona") if isinstance(turn.action, Launch) else None
    if name is None:
        return
    persona = turn.program.personas.get(name) if isinstance(name, str) else None
    if persona is None:
        turn.emit(debug(f"there is no persona '{str(name)[:60]}'", level="warn", context="persona"))
        return
    for variable, value in persona.items():
        turn.variables.set(variable, copy.deepcopy(value))


def _begins_anew(launch: Launch, turn: Turn) -> bool:
    payload = launch.wire.get("payload")
    return turn.program.settings.restart or (isinstance(payload, dict) and payload.get("resetState") is True)


def _go_on(turn: Turn) -> Next:
    """The user is back where the conversation stands: the step that waits asks again."""
    turn.take()
    turn.variables.enter(turn.frame.variables)
    if turn.frame.step is None:
        turn.frame.step = start_of(turn)
    turn.emit(debug("going on with the conversation", context="Start"))
    repeat(turn)
    return Goto(turn.frame.step)


async def _resume(turn: Turn) -> Next:
    """The step that waits has the first word; one that cannot listen leaves the action to the triggers."""
    turn.variables.enter(turn.frame.variables)
    if turn.frame.step is None:
        turn.frame.step = start_of(turn)
    step = turn.at(turn.frame.step)
    told = _to_function(turn, step)
    if told is not None:
        return told
    if isinstance(turn.action, Injected):
        return _elsewhere(turn) or _unmoved(turn, step)
    if isinstance(turn.action, EventSent) and not _offers(step, turn.action.name, turn):
        return _elsewhere(turn) or _unmoved(turn, step)
    if isinstance(turn.action, PathChosen | Custom):
        gone = _left_path(turn, step, turn.action.type)
        if gone is not None:
            return gone
    asked = await find_meaning(turn, step)
    if asked is not None:
        return asked
    if step is not None and _listens(step, turn):
        return Goto(step.id)
    return _elsewhere(turn) or Goto(turn.frame.step)


def _elsewhere(turn: Turn) -> Next | None:
    """Take the action to the trigger that listens for it, if there is one."""
    action = turn.take()
    if isinstance(action, EventSent):
        return triggers.by_event(turn, action.name)
    if isinstance(action, IntentMatched):
        return triggers.by_intent(turn, action.intent)
    if isinstance(action, Injected):
        # The workflow that listens runs for each injection, also where several have come at once.
        turn.variables.set("last_injection", action.shown)
        turn.state.unheeded = [each for each in turn.state.unheeded if each.get("id") != action.shown.get("id")]
        return triggers.by_event(turn, injection_event(action.kind))
    return None


def _unmoved(turn: Turn, step: Step | None) -> Next:
    """Nobody listens for this event: the step that waits goes on waiting, and the user hears nothing of it."""
    if step is not None and _listens(step, turn):
        return unheard(turn.action, turn)
    return Goto(turn.frame.step)


def _offers(step: Step | None, event: str, turn: Turn) -> bool:
    """Whether the step that waits has a way of its own for this event, which no trigger takes from it."""
    if not isinstance(step, Choice | Cards) or not _listens(step, turn):
        return False
    option = next((option for option in options_of(step) if option.event == event), None)
    return option is not None and (option.has_path or triggers.by_event(turn, event) is None)


def _left_path(turn: Turn, step: Step | None, path: str) -> Next | None:
    """Follow a way that was left open earlier, in a workflow that is still on the stack."""
    if isinstance(step, Choice | Cards) and any(path_of(option) == path for option in options_of(step)):
        return None
    if isinstance(step, CustomAction) and any(way.label == path for way in step.paths):
        return None
    for depth in range(len(turn.state.stack) - 1, -1, -1):
        for found in turn.agent.left_paths.get(path, ()):
            if found.workflow == turn.state.stack[depth].workflow:
                turn.take()
                unwind(turn, depth)
                return Goto(found.then)
    return None


def _to_function(turn: Turn, step: Step | None) -> Next | None:
    """Give the action to a function: the one that waits for it, or one that listens from afar."""
    waiting = waiting_at(step, turn)
    if step is not None and waiting is not None and path_for(waiting.to, turn.action) is not None:
        return Goto(step.id)
    found = heard(turn)
    if found is None:
        return None
    registered, path = found
    workflow = turn.program.workflows.get(registered.workflow)
    function = None if workflow is None else workflow.steps.get(registered.step)
    if not isinstance(function, Function):
        return None
    turn.take()
    depth = next((i for i, f in enumerate(turn.state.stack) if f.workflow == registered.workflow), None)
    if depth is not None:
        unwind(turn, depth)
        return take_path(function, path, turn)
    going = take_path(function, path, turn)
    return Jump(registered.workflow, going.step) if isinstance(going, Goto) and going.step is not None else going


def _listens(step: Step, turn: Turn) -> bool:
    if waiting_at(step, turn) is not None:
        return True
    if isinstance(step, Cards):
        return step.waits
    waits = Choice | Capture | CustomAction | Stream | Handoff | AgentStep | Crew | Routing | GoToIntent
    return isinstance(step, waits)


async def _cycle(turn: Turn, going: Next) -> Delegate | None:
    """Run steps until one waits or the conversation is over; or until there is another action to answer."""
    while True:
        match going:
            case Goto():
                if going.step is not None:
                    going = await _run_at(turn, going.step)
                elif come_back(turn):
                    going = Goto(turn.frame.step)
                else:
                    finish(turn, EndTrace())
                    return None
            case Jump():
                jump(turn, going)
                going = Goto(turn.frame.step)
            case Push():
                push(turn, going)
                going = Goto(turn.frame.step)
            case Restart():
                going = restart(turn)
            case Improvise():
                going = going.then(await say_answer(going.prompt, turn))
            case Delegate():
                return going
            case Wait():
                return None
            case Finish():
                finish(turn, EndTrace(None))
                return None
            case _:
                assert_never(going)


async def _run_at(turn: Turn, target: StepID) -> Next:
    turn.frame.step = target
    step = turn.at(target)
    if step is None:
        # The agent changed under a session whose state was written by hand, or a client put a foreign state.
        turn.emit(debug(f"step '{target}' does not exist in workflow '{turn.frame.workflow}'", level="error"))
        return Goto(None)
    turn.count_step()
    turn.step = step
    if turn.config.logs is not None:
        log = log_of_step(step, turn.config.logs, turn.now_ms)
        if log is not None:
            turn.emit(log)
    if not isinstance(step, GoTo):
        turn.emit(BlockTrace(BlockPayload(step.id)))
    return await run_step(step, turn)
