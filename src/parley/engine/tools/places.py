"""Where an agent's MCP servers are before anybody talks to it: so that their tools are known when somebody does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley.domain.program import Program
from parley.domain.redaction import Redaction
from parley.engine.requests import NoSecret
from parley.engine.tools.mcp import place_at
from parley.engine.world import Secrets
from parley.ports.mcp import McpPlace


class _Defaults:
    """The variables of a conversation that has not begun."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def get(self, name: str, default: Any = None) -> Any:
        """See `Variables.get`."""
        declared = self._program.variables.get(name)
        return default if declared is None else declared.default


def places_of(program: Program, secrets: Secrets) -> Iterator[tuple[str, McpPlace, Redaction]]:
    """The servers by name, and what hides the secrets in what is said about them. Those that lack one are left out."""
    for server in program.servers.values():
        redaction = Redaction()

        def find(name: str, redaction: Redaction = redaction) -> str | None:
            value = secrets(name)
            if value is not None:
                redaction.hide(name, value)
            return value

        try:
            yield server.name, place_at(server, find, _Defaults(program), program.settings.private_hosts), redaction
        except NoSecret:
            continue
