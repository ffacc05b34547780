"""The code step: JavaScript over the variables.

Source: engine, section 1.10 (`code`); Conversations API, section 8 (Code step).
"""

from __future__ import annotations

from typing import Any

from parley.domain.steps import Code
from parley.domain.traces import debug
from parley.engine.javascript import json_of, whole_json
from parley.engine.next import Goto, Next
from parley.engine.scripting import script_of
from parley.engine.turn import Turn
from parley.engine.variables import COMPUTED, MEMORY


async def run_code(step: Code, turn: Turn) -> Next:
    """Run the script, keep what it made of the variables, and go where it says."""
    given = json_of(_given(step.source, turn))
    if given is None:
        return _failed(step, "a variable is not a JSON value", turn)
    ran = await turn.world.scripts.run(script_of(turn, "code", step.source, given))
    if ran.error is not None:
        return _failed(step, ran.error, turn)
    left = whole_json(ran.value)
    for name, value in left["variables"].items():
        _keep(name, value, turn)
    if left["logged"]:
        turn.emit(debug("\n".join(left["logged"]), level="debug", context="console", ref=turn.ref(step)))
    path = left["path"]
    if path is None or path not in step.paths:
        return Goto(step.then)
    return Goto(step.paths[path])


def _given(source: str, turn: Turn) -> list[list[Any]]:
    """All variables; what is computed only where the script mentions it."""
    given = turn.variables.own()
    for name in COMPUTED:
        if name in source:
            given[name] = turn.variables.get(name)
    if MEMORY in source:
        given[MEMORY] = turn.state.storage.get(MEMORY) or []
    return [[name, value] for name, value in given.items()]


def _keep(name: str, value: Any, turn: Turn) -> None:
    if name == MEMORY:
        turn.state.storage[MEMORY] = value
    elif name not in COMPUTED:
        turn.variables.set(name, value)


def _failed(step: Code, why: str, turn: Turn) -> Next:
    turn.emit(debug(f"unable to resolve code: {why}", level="error", context="code", ref=turn.ref(step)))
    return Goto(step.then if step.failure is None else step.failure.then)
