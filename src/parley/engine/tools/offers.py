"""The tools that a model is offered: what they are called, what they are for, and what they need."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import assert_never

from parley.domain.tools import ApiTool, FunctionTool, McpTool, SystemTool, WorkflowTool
from parley.domain.traces import McpToolRef, debug
from parley.engine.requests import NoSecret
from parley.engine.tools import knowledge, web_search
from parley.engine.tools.arguments import schema_of
from parley.engine.tools.mcp import ALL, offered_name, remote_tools
from parley.engine.tools.narrowed import narrowed
from parley.engine.turn import Turn
from parley.ports.llm import ToolOffer
from parley.ports.mcp import McpFailed


async def offers_of(names: Sequence[str], turn: Turn) -> tuple[ToolOffer, ...]:
    """The offers of the program's tools, by name. What cannot be offered is told in a debug trace, and left out.

    System tools that change where the conversation goes are offered by whoever runs them: of these, only knowledge
    and web search are made here.
    """
    found: dict[str, ToolOffer] = {}
    for offers in await asyncio.gather(*(_offers(name, turn) for name in dict.fromkeys(names))):
        for offer in offers:
            if offer.name in found:
                turn.emit(debug(f"two tools are called '{offer.name}': the first is offered", level="warn"))
            found.setdefault(offer.name, offer)
    return tuple(found.values())


async def _offers(name: str, turn: Turn) -> tuple[ToolOffer, ...]:
    tool = turn.program.tools.get(name)
    match tool:
        case None:
            turn.emit(debug(f"there is no tool '{name}': the model is not offered it", level="error", context="tool"))
            return ()
        case ApiTool() | FunctionTool() | WorkflowTool():
            return (ToolOffer(tool.name, tool.about, schema_of(tool.parameters)),)
        case McpTool():
            return await _remote(tool, turn)
        case SystemTool():
            return _native(tool)
        case _:
            assert_never(tool)


async def _remote(tool: McpTool, turn: Turn) -> tuple[ToolOffer, ...]:
    ref = McpToolRef(tool.name)
    try:
        tools = await remote_tools(tool, turn)
    except (McpFailed, NoSecret) as failed:
        message = f"the tools of the MCP server '{tool.server}' cannot be offered: {failed.message}"
        turn.emit(debug(message, level="error", context=failed.code, ref=ref))
        return ()
    if not tools and tool.remote != ALL:
        message = f"the MCP server '{tool.server}' has no tool '{tool.remote}'"
        turn.emit(debug(message, level="error", context="mcp", ref=ref))
    return tuple(
        ToolOffer(
            offered_name(tool, each),
            (tool.about if tool.remote != ALL else "") or each.about,
            narrowed(each.parameters, tool.parameters),
        )
        for each in tools
    )


def _native(tool: SystemTool) -> tuple[ToolOffer, ...]:
    if tool.kind == "knowledge":
        return (ToolOffer(tool.name, tool.about or knowledge.ABOUT, schema_of(knowledge.PARAMETERS)),)
    if tool.kind == "web_search":
        return (ToolOffer(tool.name, tool.about or web_search.ABOUT, schema_of(web_search.PARAMETERS)),)
    return ()
