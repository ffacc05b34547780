"""The function step: JavaScript of the agent's own, which may call the world, show something, and wait.

Source: engine, section 1.10 (`function`); Conversations API, section 8 (Function).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.actions import Action, IntentMatched
from parley.domain.conditions import Template, Value
from parley.domain.program import FunctionDefinition
from parley.domain.steps import Function
from parley.domain.traces import debug
from parley.engine import triggers
from parley.engine.fetching import Fetching
from parley.engine.function_traces import emit_traces
from parley.engine.javascript import whole_json
from parley.engine.next import WAIT, Goto, Next
from parley.engine.redacting import redacted_text
from parley.engine.requests import NoSecret, WithSecrets
from parley.engine.scripting import script_of
from parley.engine.templates import compile_template, text_of
from parley.engine.transfers import WAITING, Registered, Transfer, Waiting, path_for, register, waiting_at
from parley.engine.turn import Turn
from parley.engine.values import evaluate

DEFAULT_PATH = "__vf__default"
FAILED = "[ERROR]: Encountered an error in a Function step."


class _Going(Struct, frozen=True):
    """`next` as a function returns it."""

    path: str | None = None
    listen: bool | None = None
    to: tuple[Transfer, ...] = ()
    default: str | None = msgspec.field(name="defaultTo", default=None)


async def call_function(step: Function, turn: Turn) -> Next:
    """Call the function, or give it the action that it waits for."""
    waiting = waiting_at(step, turn)
    if waiting is not None:
        action = turn.take()
        if action is not None:
            return _answered(step, waiting, action, turn)
    definition = turn.program.functions.get(step.function)
    if definition is None:
        return _failed(step, f"there is no function '{step.function}'", turn)
    return await _call(step, definition, turn)


async def _call(step: Function, definition: FunctionDefinition, turn: Turn) -> Next:
    try:
        inputs = {name: text_of(_input(value, turn)) for name, value in step.inputs.items()}
    except NoSecret as missing:
        return _failed(step, missing.message, turn)
    given = json.dumps({"inputVars": inputs})
    ran = await turn.world.scripts.run(script_of(turn, "function", definition.source, given), Fetching(step.id, turn))
    if ran.error is not None:
        return _failed(step, redacted_text(ran.error, turn.redaction), turn)
    left = whole_json(redacted_text(ran.value, turn.redaction))
    if left["logged"]:
        turn.emit(debug("\n".join(left["logged"]), level="debug", context="console", ref=turn.ref(step)))
    result = {} if left["result"] is None else left["result"]
    if not isinstance(result, dict):
        return _failed(step, "it must return an object", turn)
    return _carry_out(step, definition, result, turn)


def _input(value: Value, turn: Turn) -> Any:
    """A template may name secrets here: they go into the function, and not out of it."""
    if isinstance(value, Template):
        return compile_template(value.text).value(WithSecrets(turn.secret, turn.variables))
    return evaluate(value, turn)


def _carry_out(step: Function, definition: FunctionDefinition, result: dict[str, Any], turn: Turn) -> Next:
    outputs = result.get("outputVars")
    if outputs is not None and not isinstance(outputs, dict):
        return _failed(step, "`outputVars` must be an object", turn)
    try:
        going = msgspec.convert(result.get("next") or {}, _Going)
    except msgspec.ValidationError as error:
        return _failed(step, f"`next` is malformed: {error}", turn)
    wrong = emit_traces(result.get("trace"), turn)
    if wrong is not None:
        return _failed(step, wrong, turn)
    for variable, name in step.outputs.items():
        if outputs and name in outputs:
            turn.variables.set(variable, outputs[name])
    return _go(step, definition, going, turn)


def _go(step: Function, definition: FunctionDefinition, going: _Going, turn: Turn) -> Next:
    if going.listen is True:
        turn.frame.storage[WAITING] = msgspec.to_builtins(Waiting(step.id, going.to, going.default))
        return WAIT
    if going.listen is False:
        register(Registered(turn.frame.workflow, step.id, going.to), turn)
        return take_path(step, going.default or going.path, turn)
    if going.path is None and (definition.paths or step.paths):
        message = f"function '{definition.name}' has paths and returned none of them in `next.path`"
        turn.emit(debug(message, level="error", context="function", ref=turn.ref(step)))
        return Goto(None)
    return take_path(step, going.path, turn)


def _answered(step: Function, waiting: Waiting, action: Action, turn: Turn) -> Next:
    """The action that the step waited for, or another one: that goes the default way, and waits on without one."""
    path = path_for(waiting.to, action)
    if path is None and isinstance(action, IntentMatched):
        gone = triggers.by_intent(turn, action.intent)
        if gone is not None:
            return gone
    path = path or waiting.default
    if path is None:
        turn.emit(debug(f"the function does not listen for '{action.type}'", level="debug", ref=turn.ref(step)))
        return WAIT
    del turn.frame.storage[WAITING]
    return take_path(step, path, turn)


def take_path(step: Function, path: str | None, turn: Turn) -> Next:
    """Go a way of the step; the one that everything takes where none is named."""
    if path in step.paths:
        return Goto(step.paths[path])
    if path is None or path == DEFAULT_PATH:
        return Goto(step.then)
    return _failed(step, f"it has no path '{path}'", turn)


def _failed(step: Function, why: str, turn: Turn) -> Next:
    turn.emit(debug(f"{FAILED} {why}", level="error", context="function", ref=turn.ref(step)))
    return Goto(None if step.failure is None else step.failure.then)
