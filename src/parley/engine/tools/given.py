"""What a tool gets: what the model gave, and what the runtime puts in, of which the model knows nothing."""

from __future__ import annotations

from typing import Any

from parley.domain.tools import Parameter
from parley.engine.requests import WithSecrets
from parley.engine.templates import Variables, compile_template
from parley.engine.turn import Turn


class Given:
    """The variables, and before them a tool's parameters: what the templates of its request may name."""

    def __init__(self, parameters: dict[str, Any], variables: Variables) -> None:
        self._parameters = parameters
        self._variables = variables

    def get(self, name: str, default: Any = None) -> Any:
        """See `Variables.get`."""
        return self._parameters[name] if name in self._parameters else self._variables.get(name, default)


def complete(parameters: tuple[Parameter, ...], arguments: dict[str, Any], turn: Turn) -> dict[str, Any]:
    """The arguments, with what the runtime puts in; whatever the model says to that is dropped. Raises `NoSecret`."""
    secret = WithSecrets(turn.secret, turn.variables)
    put_in = {each.name: compile_template(each.given).value(secret) for each in parameters if each.given is not None}
    return arguments | put_in


def capture_input(parameters: tuple[Parameter, ...], arguments: dict[str, Any], turn: Turn) -> None:
    """Put what the model gave into the variables that want it. What the runtime put in may be a secret, and is not."""
    for each in parameters:
        if each.into is not None and each.given is None and each.name in arguments:
            turn.variables.set(each.into, arguments[each.name])
