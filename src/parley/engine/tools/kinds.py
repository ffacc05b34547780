"""Which tool a call means, and the way from its arguments to a tool that is ready to be used. Uses nothing."""

from __future__ import annotations

from typing import Any, assert_never

from msgspec import Struct

from parley.domain.ids import StepID
from parley.domain.tools import ApiTool, FunctionTool, McpTool, SystemTool, Tool, WorkflowTool
from parley.domain.traces import ApiToolRef, FunctionRef, McpToolRef, NativeToolRef, Ref
from parley.engine.tools import knowledge, web_search
from parley.engine.tools.api import prepare_api
from parley.engine.tools.arguments import schema_of
from parley.engine.tools.function import prepare_function
from parley.engine.tools.mcp import ALL, offered_name, prepare_mcp, remote_tools, seconds_of
from parley.engine.tools.narrowed import narrowed
from parley.engine.tools.outcome import Run
from parley.engine.turn import Turn
from parley.errors import ParleyError
from parley.ports.mcp import RemoteTool
from parley.ports.tools import TIMEOUT

_GRACE = 1.0
"""Seconds that what has a deadline of its own may take to report that it has passed."""


class NoTool(ParleyError):
    """The model called something that it was not offered."""

    code = "no_tool"


class Found(Struct, frozen=True):
    """The tool that a call means. `schema` is what its arguments have to fit."""

    tool: Tool
    schema: dict[str, Any]
    remote: RemoteTool | None = None


async def find(name: str, turn: Turn) -> Found:
    """The tool of this name. Raises `NoTool`, and what looking for a remote tool raises."""
    tool = turn.program.tools.get(name)
    if tool is None or (isinstance(tool, McpTool) and tool.remote == ALL):
        return await _one_of_all(name, turn)
    match tool:
        case ApiTool() | FunctionTool():
            return Found(tool, schema_of(tool.parameters))
        case McpTool():
            found = await remote_tools(tool, turn)
            if not found:
                raise NoTool(f"the MCP server '{tool.server}' has no tool '{tool.remote}'")
            return Found(tool, narrowed(found[0].parameters, tool.parameters), found[0])
        case SystemTool(kind="knowledge"):
            return Found(tool, schema_of(knowledge.PARAMETERS))
        case SystemTool(kind="web_search"):
            return Found(tool, schema_of(web_search.PARAMETERS))
        case WorkflowTool() | SystemTool():
            raise NoTool(f"'{name}' cannot be used in this way")
        case _:
            assert_never(tool)


def prepare(found: Found, arguments: dict[str, Any], place: StepID, turn: Turn) -> Run:
    """The tool with all that it needs. Raises `NoSecret`, `McpFailed`."""
    tool = found.tool
    match tool:
        case ApiTool():
            return prepare_api(tool, arguments, place, turn)
        case FunctionTool():
            return prepare_function(tool, arguments, place, turn)
        case McpTool():
            assert found.remote is not None
            return prepare_mcp(tool, found.remote, arguments, place, turn)
        case SystemTool(kind="knowledge"):
            return knowledge.prepare_knowledge(tool, arguments, turn)
        case SystemTool(kind="web_search"):
            return web_search.prepare_search(tool, arguments, turn)
        case WorkflowTool() | SystemTool():
            raise NoTool(f"'{tool.name}' cannot be used in this way")
        case _:
            assert_never(tool)


def deadline_of(tool: Tool, turn: Turn) -> float:
    """How many seconds the tool may take."""
    match tool:
        case McpTool():
            return seconds_of(tool, turn) + _GRACE
        case ApiTool() if tool.timeout is None and tool.request is not None and tool.request.timeout is not None:
            return tool.request.timeout + _GRACE
        case _:
            return (TIMEOUT if tool.timeout is None else tool.timeout) + _GRACE


def ref_of(tool: Tool) -> Ref:
    """What a debug trace about the tool is about."""
    match tool:
        case ApiTool():
            return ApiToolRef(tool.name, tool.name)
        case FunctionTool():
            return FunctionRef(tool.function, tool.name)
        case McpTool():
            return McpToolRef(tool.name)
        case WorkflowTool() | SystemTool():
            return NativeToolRef(tool.name)
        case _:
            assert_never(tool)


async def _one_of_all(name: str, turn: Turn) -> Found:
    for tool in turn.program.tools.values():
        if isinstance(tool, McpTool) and tool.remote == ALL and name.startswith(f"{tool.name}_"):
            for remote in await remote_tools(tool, turn):
                if offered_name(tool, remote) == name:
                    return Found(tool, narrowed(remote.parameters, tool.parameters), remote)
    raise NoTool(f"there is no tool '{name[:80]}'")
