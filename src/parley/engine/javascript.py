"""JavaScript expressions over a flow's variables. Knows no steps and no turn."""

from __future__ import annotations

import json
import re
from typing import Any

from parley.engine.variables import Variables
from parley.errors import ParleyError


class ExpressionFailed(ParleyError):
    """A JavaScript expression threw, crossed a limit, or gave what is not a JSON value."""

    code = "expression_failed"


def evaluate_expression(source: str, variables: Variables) -> Any:
    """The value of the expression. Raises `ExpressionFailed`."""
    import quickjs

    context = quickjs.Context()
    context.set_time_limit(0.1)
    names = [n for n in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", source)) if n in variables]
    values = json.dumps({n: variables.get(n) for n in names})
    try:
        result = context.eval(f"(({{{','.join(names)}}})=>({source}\n))({values})")
        return json.loads(result.json()) if isinstance(result, quickjs.Object) else result
    except (quickjs.JSException, TypeError) as error:
        raise ExpressionFailed(f"expression failed: {error}") from error


def check_expression(source: str) -> str | None:
    """What is wrong with the expression's syntax; None where nothing is."""
    import quickjs

    try:
        quickjs.Context().eval(f"()=>({source}\n)")
    except quickjs.JSException as error:
        return str(error).split("\n", 1)[0]
    return None
