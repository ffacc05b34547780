"""A model at work in a step: it is asked, what it says is told, what it calls is done, and it is asked again.

Ends when it calls nothing more, or something that leads elsewhere. In one answer the order is: its text, the tools
(all at once), what it shows, workflows (one after another), and at last where it leads: that is only gone when nothing
of the rest has failed, else the model reads what has. Source: Conversations API, section 8.
"""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct

from parley.domain.model_steps import AgentPath
from parley.domain.playbooks import Route
from parley.domain.steps import Step
from parley.domain.tools import SystemTool, WorkflowTool
from parley.domain.traces import debug
from parley.engine.asking import TOO_MANY, Answer, ask, may_ask
from parley.engine.briefed import instructed
from parley.engine.calls import Read, read_calls
from parley.engine.memory import Use
from parley.engine.needs import fill, wrong_in
from parley.engine.next import Push
from parley.engine.offering import Back, Offered, Outside, Peer, Role, offered_to, workflow_of
from parley.engine.pending import INTERRUPTED, Pending, call_of, keep, resume
from parley.engine.spending import is_over
from parley.engine.system_tools import LEAVING, forward, show
from parley.engine.telling import Telling
from parley.engine.templates import compile_template
from parley.engine.tools.arguments import BadArguments, check, read_arguments, schema_of
from parley.engine.tools.deferred import arrived
from parley.engine.tools.given import capture_input
from parley.engine.tools.use import use
from parley.engine.turn import Turn
from parley.errors import LimitCrossed
from parley.ports.llm import Asked

NO_WAY = "Not done: something else that you called in the same answer has failed or has to come first. Decide again."
DONE = "Done."


class Left(Struct, frozen=True):
    """It chose a way out, whose variables are set."""

    path: AgentPath


class Running(Struct, frozen=True):
    """A workflow is to be run, and the step comes after it."""

    push: Push


class Passed(Struct, frozen=True):
    """It passed the user on to a peer."""

    route: Route


class GivenBack(Struct, frozen=True):
    """It gave the conversation back to the agent."""


class Rested(Struct, frozen=True):
    """It has nothing more to do until the user says something."""


class Ended(Struct, frozen=True):
    """The conversation is over."""


class Failed(Struct, frozen=True):
    """There is no model, or it could not answer."""


class Uncalled(Struct, frozen=True):
    """It had to call something and did not. `text` is what it said instead."""

    text: str


Result = Left | Running | Passed | GivenBack | Rested | Ended | Failed | Uncalled
_Leaving = Left | Running | Passed | GivenBack | Rested | Ended


async def play(role: Role, step: Step, turn: Turn) -> Result:
    """Let the model work until it rests or leaves. Raises `LimitCrossed`."""
    running = _go_on(resume(step.id, turn), turn)
    if running is not None:
        return running
    late = [
        Use(f"{each.call.id}_late", each.call.name, each.call.arguments, each.result, each.is_error)
        for each in await arrived(turn)
    ]
    if late:
        turn.variables.memory.used(role.owner, late)
    while True:
        if is_over(turn.program.settings.cost, turn.spent, turn.state.storage):
            return Rested()
        if not may_ask(turn):
            raise LimitCrossed("model_calls", f"turn stopped: {TOO_MANY.format(turn.spent.calls)}")
        offered = await offered_to(role, turn)
        answer = await _ask(role, offered, turn)
        if answer is None:
            return Failed()
        calls = read_calls(answer.calls, offered, turn)
        if not calls:
            return Uncalled(answer.text) if role.is_silent else Rested()
        result = await _serve(calls, role, step, turn)
        if result is not None:
            return result


async def _ask(role: Role, offered: Offered, turn: Turn) -> Answer | None:
    lines = (*turn.variables.memory.lines(role.owner), *role.note)
    system = instructed(role.system, turn)
    asked = Asked(lines, system, offered.offers, role.settings, must_call=role.is_silent and bool(offered.offers))
    if role.is_silent:
        return await ask(asked, turn)
    with Telling(turn, streams=turn.config.completion_events) as telling:
        answer = await ask(asked, turn, telling.hear)
    if answer is not None and answer.text.strip():
        telling.finish(answer.text.strip())
    return answer


async def _serve(calls: list[Read], role: Role, step: Step, turn: Turn) -> _Leaving | None:
    """Do what was called. None: the model is to be asked again."""
    results = await _use_outside(calls, role, step, turn)
    shown = 0
    for call in calls:
        if isinstance(call.meaning, SystemTool) and call.meaning.kind not in LEAVING and call.error is None:
            results[call.call.id] = _show(call, call.meaning, turn)
            shown += not results[call.call.id].failed
    for call in calls:
        if call.error is not None:
            results[call.call.id] = call.use(call.error, failed=True)
    if _run_workflows(calls, results, role, step, turn) is not None:
        return _go_on(resume(step.id, turn), turn)
    leaving = _leaving(calls, results, step, role, turn)
    ordered = [results[call.call.id] for call in calls if call.call.id in results]
    if ordered and not isinstance(leaving, Running):
        turn.variables.memory.used(role.owner, ordered)
    if leaving is not None:
        return leaving
    return Rested() if shown == len(calls) else None


async def _use_outside(calls: list[Read], role: Role, step: Step, turn: Turn) -> dict[str, Use]:
    """The results of the tools that need nothing of the conversation, all used at once."""
    outside = [call for call in calls if isinstance(call.meaning, Outside)]
    if not outside:
        return {}
    try:
        used = await use([call.call for call in outside], turn, step, [call.call.name for call in outside])
    except asyncio.CancelledError:
        turn.variables.memory.used(role.owner, [call.use(INTERRUPTED, failed=True) for call in outside])
        raise
    return {each.call.id: call.use(each.result, failed=each.is_error) for call, each in zip(outside, used, strict=True)}


def _show(call: Read, tool: SystemTool, turn: Turn) -> Use:
    try:
        show(tool, read_arguments(call.call.arguments), turn)
    except BadArguments as bad:
        return call.use(bad.message, failed=True)
    return call.use("The user sees it.")


def _run_workflows(calls: list[Read], results: dict[str, Use], role: Role, step: Step, turn: Turn) -> Pending | None:
    """Put the calls of workflows aside, to be run one after another; None where there are none."""
    waiting: list[Use] = []
    for call in calls:
        if isinstance(call.meaning, WorkflowTool) and call.error is None:
            wrong = _wrong_arguments(call, call.meaning)
            if wrong:
                results[call.call.id] = call.use(wrong, failed=True)
            else:
                waiting.append(call.use(""))
    if not waiting:
        return None
    for call in calls:
        if call.call.id not in results and not isinstance(call.meaning, WorkflowTool):
            results[call.call.id] = call.use(NO_WAY, failed=True)
    pending = Pending(step.id, role.owner, tuple(results.values()), None, tuple(waiting))
    keep(pending, turn)
    return pending


def _wrong_arguments(call: Read, tool: WorkflowTool) -> str:
    try:
        check(read_arguments(call.call.arguments), schema_of(tool.parameters))
    except BadArguments as bad:
        return bad.message
    return ""


def _go_on(pending: Pending | None, turn: Turn) -> Running | None:
    """Run the next workflow that was called; None when all are over, and their results remembered."""
    if pending is None:
        return None
    if not pending.waiting:
        turn.variables.memory.used(pending.owner, list(pending.done))
        return None
    current, *rest = pending.waiting
    tool = turn.program.tools.get(current.name)
    if not isinstance(tool, WorkflowTool):
        failed = Use(current.id, current.name, current.arguments, INTERRUPTED, failed=True)
        return _go_on(Pending(pending.step, pending.owner, (*pending.done, failed), None, tuple(rest)), turn)
    keep(Pending(pending.step, pending.owner, pending.done, current, tuple(rest)), turn)
    given = read_arguments(call_of(current).arguments)
    capture_input(tool.parameters, given, turn)
    put_in = {p.name: compile_template(p.given).value(turn.variables) for p in tool.parameters if p.given is not None}
    inputs = {each.name: (given | put_in).get(each.name) for each in tool.parameters}
    return Running(Push(tool.workflow, then=pending.step, inputs=inputs, result=tool.outputs))


def _leaving(calls: list[Read], results: dict[str, Use], step: Step, role: Role, turn: Turn) -> _Leaving | None:
    """The way that the first of the calls leads that lead anywhere; each of the others gets a result that says no."""
    has_failed = any(use.failed for use in results.values())
    found: _Leaving | None = None
    for call in calls:
        if call.call.id in results:
            continue
        wrong = NO_WAY if has_failed or found is not None else _wrong_way(call, turn)
        if wrong:
            results[call.call.id] = call.use(wrong, failed=True)
            continue
        found = _go(call, results, step, role, turn)
    return found


def _wrong_way(call: Read, turn: Turn) -> str:
    try:
        values = read_arguments(call.call.arguments)
    except BadArguments as bad:
        return bad.message
    match call.meaning:
        case AgentPath() | Route():
            needs = call.meaning.needs
        case Peer():
            needs = call.meaning.route.needs
        case _:
            return ""
    wrong = wrong_in(values, needs, turn)
    return f"Not done: {wrong}. Ask the user where you cannot know." if wrong else ""


def _go(call: Read, results: dict[str, Use], step: Step, role: Role, turn: Turn) -> _Leaving:
    values = read_arguments(call.call.arguments)
    match call.meaning:
        case AgentPath() as path:
            fill(values, (*path.variables, *(need.variable for need in path.needs)), turn)
            return Left(path)
        case Route() as route:
            return Running(_entering(call, route, values, results, step, role, turn))
        case Peer(route):
            fill(values, (need.variable for need in route.needs), turn)
            results[call.call.id] = call.use(DONE)
            return Passed(route)
        case Back():
            return GivenBack()
        case SystemTool() as tool:
            return _do(call, tool, values, results, turn)
        case _:
            raise AssertionError(call.meaning)


def _entering(
    call: Read, route: Route, values: dict[str, Any], results: dict[str, Use], step: Step, role: Role, turn: Turn
) -> Push:
    """Set the variables of a route, those of its workflow alone in its own frame."""
    workflow = turn.program.workflows[workflow_of(route)]
    given = {need.variable: values[need.variable] for need in route.needs if values.get(need.variable) is not None}
    fill(given, (name for name in given if name not in workflow.variables), turn)
    inputs = {name: value for name, value in given.items() if name in workflow.variables}
    keep(Pending(step.id, role.owner, tuple(results.values()), call.use("")), turn)
    turn.emit(debug(f"the agent goes to '{workflow.name}'", context="agent"))
    return Push(workflow.id, then=step.id, inputs=inputs, result=())


def _do(call: Read, tool: SystemTool, values: dict[str, Any], results: dict[str, Use], turn: Turn) -> Rested | Ended:
    if tool.kind == "end":
        message = values.get("message")
        if isinstance(message, str) and message.strip():
            Telling(turn, streams=turn.config.completion_events).finish(message.strip())
        return Ended()
    if tool.kind == "call_forward":
        forward(tool, turn)
    results[call.call.id] = call.use(DONE)
    return Rested()
