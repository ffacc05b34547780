"""Tools and MCP servers in the words of the agent format."""

from __future__ import annotations

from typing import Any, assert_never

from parley.domain.program import Program
from parley.domain.tools import (
    ApiTool,
    FunctionTool,
    McpServer,
    McpTool,
    Parameter,
    Sound,
    SystemTool,
    Tool,
    ToolMessage,
    ToolMessages,
    WorkflowTool,
)
from parley.domain.world_steps import Api, Captured
from parley.projects.export_names import Names
from parley.projects.export_values import duration, said, short
from parley.projects.export_world import api_written

_DEFAULT = ToolMessages()
_WHOLE = "response"


def tools_written(program: Program, names: Names) -> dict[str, Any]:
    """The tools by name, without those of the runtime that need no declaring."""
    return {name: _tool(tool, names) for name, tool in program.tools.items() if not _goes_without_saying(tool)}


def servers_written(program: Program) -> dict[str, Any]:
    """The MCP servers by name."""
    return {name: _server(server) for name, server in program.servers.items()}


def _goes_without_saying(tool: Tool) -> bool:
    return isinstance(tool, SystemTool) and tool == SystemTool(tool.kind, kind=tool.kind)


def set_by(tool: Tool) -> list[str]:
    """The variables that a tool sets."""
    return [
        *(each.variable for each in tool.captures),
        *(each.into for each in tool.parameters if each.into is not None),
    ]


def _server(server: McpServer) -> Any:
    written: dict[str, Any] = {"url": server.url}
    if server.headers:
        written["headers"] = dict(server.headers)
    if server.timeout is not None:
        written["timeout"] = duration(server.timeout)
    if server.about:
        written["about"] = server.about
    return written if len(written) > 1 else server.url


def _tool(tool: Tool, names: Names) -> dict[str, Any]:
    written = _kind(tool, names)
    if tool.about:
        written["about"] = tool.about
    if tool.parameters:
        written["parameters"] = {each.name: _parameter(each, names) for each in tool.parameters}
    if tool.captures:
        written["into"] = _captures(tool.captures, names)
    if tool.running != "wait":
        written[tool.running] = True
    if tool.timeout is not None:
        written["timeout"] = duration(tool.timeout)
    if tool.idempotent is not None:
        written["idempotent"] = tool.idempotent
    messages = _messages(tool.messages, names)
    if messages:
        written["messages"] = messages
    if tool.sound is not None:
        written["sound"] = _sound(tool.sound)
    return written


def _kind(tool: Tool, names: Names) -> dict[str, Any]:
    match tool:
        case ApiTool():
            return api_written(tool.request or Api(""), names)  # type: ignore[arg-type]
        case FunctionTool():
            return {"function": tool.function}
        case McpTool():
            return {"mcp": tool.server if tool.remote == "*" else f"{tool.server}.{tool.remote}"}
        case WorkflowTool():
            outputs = {"outputs": [names.variable(each) for each in tool.outputs]} if tool.outputs else {}
            return {"workflow": names.workflow(tool.workflow)} | outputs
        case SystemTool():
            return {"system": tool.kind} | tool.options
        case _:
            assert_never(tool)


def _parameter(parameter: Parameter, names: Names) -> Any:
    written: dict[str, Any] = {"about": parameter.about} if parameter.about else {}
    if parameter.type != "string":
        written["type"] = parameter.type
    if not parameter.required:
        written["required"] = False
    if parameter.choices:
        written["choices"] = list(parameter.choices)
    if parameter.given is not None:
        written["given"] = parameter.given
    if parameter.into is not None:
        written["into"] = names.variable(parameter.into)
    return parameter.about if list(written) == ["about"] else short(written)


def _captures(captures: tuple[Captured, ...], names: Names) -> Any:
    pairs = [(names.variable(each.variable), each.path) for each in captures]
    if [path for _, path in pairs] == [_WHOLE]:
        return pairs[0][0]
    return dict(pairs) if len(dict(pairs)) == len(pairs) else [{name: path} for name, path in pairs]


def _messages(messages: ToolMessages, names: Names) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for event in ("start", "complete", "failed", "delayed"):
        message: ToolMessage | None = getattr(messages, event)
        if message is not None:
            written[event] = _message(message, names)
    if "delayed" in written and messages.delay != _DEFAULT.delay:
        delayed = written["delayed"]
        is_whole = isinstance(delayed, dict) and ("say" in delayed or "generate" in delayed)
        written["delayed"] = {"after": duration(messages.delay), **(delayed if is_whole else {"say": delayed})}
    return written


def _message(message: ToolMessage, names: Names) -> Any:
    say = said(message.variants, names) if message.variants else None
    if message.generated:
        return {"generate": True} | ({"say": say} if say is not None else {})
    return say


def _sound(sound: Sound) -> Any:
    return sound.ref if sound == Sound(sound.ref) else {"play": sound.ref, "volume": sound.volume}
