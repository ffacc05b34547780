"""The function tool: JavaScript of the agent's own. What it shows is shown; which path it takes means nothing here.

Source: Conversations API, section 8 (Function: paths are ignored inside playbooks).
"""

from __future__ import annotations

import json
from typing import Any

from parley.domain.ids import StepID
from parley.domain.tools import FunctionTool
from parley.engine.fetching import Fetching
from parley.engine.javascript import whole_json
from parley.engine.redacting import redacted_text
from parley.engine.scripting import script_of
from parley.engine.templates import text_of
from parley.engine.tools.outcome import Outcome, Run, failed, result_of
from parley.engine.turn import Turn


def prepare_function(tool: FunctionTool, arguments: dict[str, Any], place: StepID, turn: Turn) -> Run:
    """The function with its inputs, ready to be run; inputs are texts, as those of a step are."""
    definition = turn.program.functions.get(tool.function)

    async def run() -> Outcome:
        if definition is None:
            return failed(f"there is no function '{tool.function}'")
        given = json.dumps({"inputVars": {name: text_of(value) for name, value in arguments.items()}})
        script = script_of(turn, "function", definition.source, given)
        ran = await turn.world.scripts.run(script, Fetching(place, turn))
        if ran.error is not None:
            return failed(redacted_text(ran.error, turn.redaction))
        return _outcome(redacted_text(ran.value, turn.redaction))

    return run


def _outcome(value: str) -> Outcome:
    left = whole_json(value)
    notes = (("debug", "\n".join(left["logged"])),) if left["logged"] else ()
    result = {} if left["result"] is None else left["result"]
    if not isinstance(result, dict):
        return failed("the function must return an object")
    outputs = result.get("outputVars")
    if outputs is not None and not isinstance(outputs, dict):
        return failed("`outputVars` must be an object")
    text = result_of(outputs) if outputs else "Done."
    return Outcome(text, found=outputs or {}, has_found=True, traces=result.get("trace"), notes=notes)
