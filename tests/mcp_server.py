"""A server of tools, made with the official SDK, and run in a process of its own: `python -m tests.mcp_server PORT`.

Its tools: `add`, `echo` (what the headers say), `fail`, `large`, `hang`, `grow` (one more tool), `die`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

server = MCPServer("test tools")
HINT = ToolAnnotations(read_only_hint=True)


@server.tool(annotations=HINT)
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def echo(text: str, ctx: Context) -> str:
    """Says what it was told, and by whom."""
    headers = ctx.headers or {}
    return f"{text} ({headers.get('authorization', 'nobody')})"


@server.tool()
def fail() -> str:
    """Fails."""
    raise ToolError("sold out")


@server.tool()
def large() -> str:
    """Says 50 MB."""
    return "x" * 50_000_000


@server.tool()
async def hang() -> str:
    """Never answers."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


@server.tool()
def die() -> str:
    """Takes the server along."""
    os._exit(1)


@server.tool()
async def grow(ctx: Context) -> str:
    """Brings one more tool."""

    def grown() -> str:
        """Was not there before."""
        return "here"

    server.add_tool(grown, name="grown")
    await ctx.session.send_tool_list_changed()
    return "grown"


def main(port: int, **options: Any) -> None:
    """Serve until the process ends."""
    server.run("streamable-http", host="127.0.0.1", port=port, **options)


if __name__ == "__main__":
    main(int(sys.argv[1]), json_response="--json" in sys.argv)
