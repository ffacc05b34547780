"""Moves on the stack of workflows: in, out, elsewhere for good, back to the beginning. Runs no steps.

Source: engine, sections 1.3 and 1.8; Conversations API, section 8 (what ends hands over to the agent).
"""

from __future__ import annotations

from typing import Any

from parley.domain.ids import StepID, WorkflowID
from parley.domain.own_workflows import ROUTER
from parley.domain.state import Frame, SessionState
from parley.domain.traces import EndTrace, FlowPayload, FlowTrace, PathPayload, PathTrace, debug
from parley.domain.transcript_property import PROPERTIES
from parley.engine.next import Goto, Jump, Next, Push
from parley.engine.saying import say_again
from parley.engine.spending import USAGE, Spent, sum_up
from parley.engine.stored import stored
from parley.engine.turn import Turn
from parley.errors import LimitCrossed

RESULT = "result"
"""Storage of a frame: the names of the variables that the step below wants to know when it is over."""
RETURNED = "returned"
"""Storage of the frame below: the values of these variables."""
CALLED = "called"
"""Storage of the agent's frame: something has called it, so that it has the word."""
_KEPT = ("outputs", "interrupts", RESULT)
"""What a frame owes to the one below, whatever workflow takes its place."""


def kept_storage(state: SessionState) -> dict[str, Any]:
    """What stays when a conversation begins again: what it has cost, and what its transcript is about."""
    return {key: value for key, value in state.storage.items() if key in (USAGE, PROPERTIES)}


def reset(state: SessionState, start: WorkflowID) -> None:
    """Begin again: the stack and the storage are cleared, the variables stay, `sessions` counts."""
    state.stack = [Frame(start)]
    state.storage = kept_storage(state)
    count = state.variables.get("sessions", 0)
    state.variables["sessions"] = (count if isinstance(count, int) else 0) + 1


def first(turn: Turn) -> Next:
    """The first step of the conversation: of the agent's initialization workflow, where it has one."""
    router = turn.program.router
    start = start_of(turn)
    if router is None or router.first is None or turn.frame.workflow != ROUTER:
        return Goto(start)
    return Push(router.first, then=start)


def start_of(turn: Turn) -> StepID | None:
    """The first step of the workflow on top."""
    workflow = turn.program.workflows.get(turn.frame.workflow)
    return None if workflow is None else workflow.start


def come_back(turn: Turn) -> bool:
    """The frame on top is done: give back its outputs. False when nothing is left to go on with."""
    done = turn.state.stack.pop()
    if not turn.state.stack:
        if turn.program.router is None or done.workflow == ROUTER:
            return False
        # The state was written before the agent had a router, or by a client.
        turn.state.stack.append(Frame(ROUTER))
        turn.frame.step = start_of(turn)
    below = turn.frame
    outputs = {mine: _given(done, theirs, turn) for mine, theirs in _outputs(done).items()}
    wanted = stored(done.storage, RESULT, list[str])
    if wanted is not None:
        below.storage[RETURNED] = {name: _given(done, name, turn) for name in wanted}
    turn.variables.enter(below.variables)
    for name, value in outputs.items():
        turn.variables.set(name, value)
    announce(turn)
    if done.storage.get("interrupts"):
        say_again(turn)
    return True


def _given(done: Frame, name: str, turn: Turn) -> Any:
    return done.variables.get(name, turn.variables.get(name))


def _outputs(frame: Frame) -> dict[str, str]:
    return stored(frame.storage, "outputs", dict[str, str]) or {}


def unwind(turn: Turn, depth: int) -> None:
    """Leave the frames above this one without coming back to them."""
    del turn.state.stack[depth + 1 :]
    turn.variables.enter(turn.frame.variables)


def jump(turn: Turn, jump: Jump) -> None:
    """Go to a workflow for good: back to its frame where it is on the stack, else in place of the frame on top.

    The agent itself keeps its place: the workflow goes on top of it.
    """
    workflow = turn.program.workflows.get(jump.workflow)
    if workflow is None:
        turn.emit(debug(f"workflow '{jump.workflow}' does not exist", level="error"))
        turn.frame.step = None
        return
    stack = turn.state.stack
    depth = next((i for i in range(len(stack) - 1, -1, -1) if stack[i].workflow == workflow.id), None)
    if depth is None:
        kept = {k: v for k, v in stack[-1].storage.items() if k in _KEPT}
        frame = Frame(workflow.id, storage=kept, variables=dict.fromkeys(workflow.variables, 0))
        if stack[-1].workflow == ROUTER:
            stack[-1].step = start_of(turn)
        else:
            stack.pop()
        stack.append(frame)
        depth = len(stack) - 1
    unwind(turn, depth)
    turn.frame.step = jump.step if jump.step is not None else workflow.start
    if workflow.id == ROUTER:
        turn.frame.storage[CALLED] = True
    turn.emit(PathTrace(PathPayload("jump")))
    announce(turn)


def restart(turn: Turn) -> Next:
    """Back to where the conversation began, without what was waiting on the way."""
    unwind(turn, 0)
    turn.frame.step = start_of(turn)
    announce(turn)
    return first(turn)


def push(turn: Turn, push: Push) -> None:
    """Run a workflow on top. Raises `LimitCrossed`."""
    workflow = turn.program.workflows.get(push.workflow)
    if workflow is None:
        turn.emit(debug(f"workflow '{push.workflow}' does not exist", level="error"))
        turn.frame.step = push.then
        return
    limit = turn.program.settings.limits.frames
    if len(turn.state.stack) >= limit:
        raise LimitCrossed("frames", f"turn stopped at {limit} workflows inside one another (limit `frames`)")
    turn.frame.step = push.then
    frame = Frame(workflow.id, step=push.step if push.step is not None else workflow.start)
    frame.variables = dict.fromkeys(workflow.variables, 0) | dict(push.inputs)
    if push.outputs:
        frame.storage["outputs"] = dict(push.outputs)
    if push.interrupts:
        frame.storage["interrupts"] = True
    if push.result is not None:
        frame.storage[RESULT] = list(push.result)
    turn.state.stack.append(frame)
    turn.variables.enter(frame.variables)
    if push.interrupts:
        turn.emit(PathTrace(PathPayload("push")))
    announce(turn)


def announce(turn: Turn) -> None:
    """Tell the client which workflow is run from here on."""
    workflow = turn.program.workflows.get(turn.frame.workflow)
    if workflow is not None:
        turn.emit(FlowTrace(FlowPayload(workflow.id, workflow.name)))


def tell_spent(turn: Turn) -> None:
    """Tell, once, what models have taken in this turn, and add it to what the conversation has cost."""
    if turn.spent.calls:
        spent, turn.spent = turn.spent, Spent()
        turn.emit(sum_up(spent, turn.state.storage))


def finish(turn: Turn, trace: EndTrace) -> None:
    """The conversation is over."""
    tell_spent(turn)
    turn.state.stack.clear()
    turn.finished = True
    turn.emit(trace)
