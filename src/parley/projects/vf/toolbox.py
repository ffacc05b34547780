"""The tools that an export's agents may use, as they were read."""

from __future__ import annotations

from msgspec import Struct

from parley.domain.tools import McpServer, Tool


class AgentTools(Struct):
    """What the export's agents may use: all tools by name, and the names of each agent's by its id."""

    tools: dict[str, Tool] = {}
    servers: dict[str, McpServer] = {}
    of: dict[str, tuple[str, ...]] = {}

    def written(self) -> list[str]:
        """The variables that tools set."""
        captured = [each.variable for tool in self.tools.values() for each in tool.captures]
        return captured + [p.into for tool in self.tools.values() for p in tool.parameters if p.into]
