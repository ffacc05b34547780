"""What a model has to give before a way is open to it: variables, told as JSON Schema and taken from its arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parley.domain.playbooks import Needed
from parley.engine.tools.arguments import BadArguments, check
from parley.engine.turn import Turn


def parameters_of(needs: Iterable[Needed], variables: Iterable[str], turn: Turn) -> dict[str, Any]:
    """The schema of an object with all of them. What has a value already need not be given again."""
    needs = tuple(needs)
    properties: dict[str, Any] = {name: {} for name in variables}
    properties |= {need.variable: _schema(need) for need in needs}
    return {
        "type": "object",
        "properties": properties,
        "required": [need.variable for need in needs if not _is_known(need.variable, turn)],
    }


def wrong_in(values: dict[str, Any], needs: Iterable[Needed], turn: Turn) -> str:
    """What is missing or does not fit, as a sentence for the model; empty when all is well."""
    wrong = []
    for need in needs:
        value = values.get(need.variable)
        if value is None or value == "":
            if not _is_known(need.variable, turn):
                wrong.append(f"`{need.variable}` is missing" + (f" ({need.about})" if need.about else ""))
            continue
        try:
            check(value, _schema(need), need.variable)
        except BadArguments as bad:
            wrong.append(bad.message)
    return "; ".join(wrong)


def fill(values: dict[str, Any], names: Iterable[str], turn: Turn) -> None:
    """Set those of the variables that were given."""
    for name in names:
        if values.get(name) is not None:
            turn.variables.set(name, values[name])


def _is_known(variable: str, turn: Turn) -> bool:
    """Whether it has a value. Variables without a default begin as 0."""
    value = turn.variables.get(variable)
    return isinstance(value, bool) or (value is not None and value != "" and value != 0)


def _schema(need: Needed) -> dict[str, Any]:
    schema: dict[str, Any] = {} if need.type is None else {"type": need.type}
    if need.about:
        schema["description"] = need.about
    if need.choices:
        schema["enum"] = list(need.choices)
    return schema
