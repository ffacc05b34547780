"""Using tools: the calls that a model makes at once run at once, and each ends with something that the model can read.

What a tool answers is data: it reaches the model as a result, and neither offers a tool nor names a secret. Source:
Conversations API, sections 4 (`tool-call`) and 8; decisions, "Turns" (effects).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from typing import Any, TypeVar

from msgspec import UNSET

from parley.domain.channel_traces import ToolCallPayload, ToolCallTrace, ToolSound
from parley.domain.ids import StepID
from parley.domain.steps import Step
from parley.domain.tools import Tool
from parley.domain.traces import Ref, debug
from parley.engine.requests import NoSecret
from parley.engine.tools.arguments import BadArguments, check, read_arguments
from parley.engine.tools.concluding import conclude
from parley.engine.tools.deferred import send_off
from parley.engine.tools.given import capture_input, complete
from parley.engine.tools.kinds import Found, NoTool, deadline_of, find, prepare, ref_of
from parley.engine.tools.messages import tell, watching
from parley.engine.tools.outcome import Outcome, Run, Used, failed
from parley.engine.tools.telling_use import completed, started
from parley.engine.turn import Turn
from parley.errors import Busy, ParleyError
from parley.ports.llm import ToolCall
from parley.ports.mcp import McpFailed

__all__ = ["Used", "use"]

T = TypeVar("T")
_SENT_OFF = "It has been started; its result will not be reported."
_AWAITED = "It has been started; its result comes later. Go on with the conversation meanwhile."


async def use(calls: Sequence[ToolCall], turn: Turn, step: Step, offered: Collection[str] | None = None) -> list[Used]:
    """Use the tools side by side; the results in the order of the calls. `offered`: the names that may be called.

    Nothing that a tool or a model does is raised. Raises `StoreUnavailable`.
    """
    # The names of effects are given out before anything runs: so they are the same when the turn is run again.
    places = [StepID(turn.effect(step.id)) for _ in calls]
    # All are found before the first is told of: so how soon a server says what it has does not change what is told.
    found = await _all([_find(call, turn, offered) for call in calls])
    return await _all([_use(*each, turn) for each in zip(calls, found, places, strict=True)])


async def _all(waited_for: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in waited_for]
    except* ParleyError as failures:
        raise _first(failures) from None
    return [task.result() for task in tasks]


async def _find(call: ToolCall, turn: Turn, offered: Collection[str] | None) -> Found | ParleyError:
    """The tool, or why there is none."""
    try:
        if offered is not None and call.name not in offered:
            raise NoTool(f"there is no tool '{call.name[:80]}'")
        return await find(call.name, turn)
    except (NoTool, NoSecret, McpFailed) as refused:
        return refused


async def _use(call: ToolCall, found: Found | ParleyError, place: StepID, turn: Turn) -> Used:
    known = turn.program.tools.get(call.name)
    ref = None if known is None else ref_of(known)
    turn.emit(started(call, ref))
    used = await _used(call, found, place, turn, ref)
    if used.result != _AWAITED:
        turn.emit(completed(used, ref))
    return used


async def _used(call: ToolCall, found: Found | ParleyError, place: StepID, turn: Turn, ref: Ref | None) -> Used:
    try:
        if isinstance(found, ParleyError):
            raise found
        arguments = read_arguments(call.arguments)
        check(arguments, found.schema)
        run = _ready(found, arguments, place, turn)
    except (NoTool, BadArguments, NoSecret, McpFailed) as refused:
        turn.emit(debug(f"tool '{call.name[:80]}': {refused.message}", level="warn", context=refused.code, ref=ref))
        return Used(call, f"Error: {refused.message}", is_error=True)
    if found.tool.running != "wait":
        return await _send_off(found.tool, call, run, place, turn)
    return await _wait_for(found.tool, call, run, turn)


def _ready(found: Found, arguments: dict[str, object], place: StepID, turn: Turn) -> Run:
    parameters = found.tool.parameters
    run = prepare(found, complete(parameters, arguments, turn), place, turn)
    capture_input(parameters, arguments, turn)
    return _in_time(run, deadline_of(found.tool, turn))


async def _wait_for(tool: Tool, call: ToolCall, run: Run, turn: Turn) -> Used:
    sound = UNSET if tool.sound is None else ToolSound(tool.sound.ref, tool.sound.volume)
    turn.emit(ToolCallTrace(ToolCallPayload("start", call.id, sound)))
    try:
        async with watching(tool, turn):
            outcome = await run()
    finally:
        turn.emit(ToolCallTrace(ToolCallPayload("end", call.id)))
    used = conclude(tool, call, outcome, turn)
    await tell("failed" if used.is_error else "complete", tool, turn)
    return used


async def _send_off(tool: Tool, call: ToolCall, run: Run, place: StepID, turn: Turn) -> Used:
    keep = tool.running == "deferred"
    try:
        await turn.durable()
        send_off(tool.name, call, run, place, turn, keep=keep)
    except Busy as busy:
        return conclude(tool, call, failed(busy.message), turn)
    turn.emit(debug(f"tool '{tool.name}': sent off", context="tool", ref=ref_of(tool)))
    await tell("start", tool, turn)
    return Used(call, _AWAITED if keep else _SENT_OFF)


def _in_time(run: Run, seconds: float) -> Run:
    async def within() -> Outcome:
        try:
            async with asyncio.timeout(seconds):
                return await run()
        except TimeoutError:
            return failed(f"no result after {seconds:g} s")

    return within


def _first(failures: BaseExceptionGroup[ParleyError]) -> ParleyError:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
