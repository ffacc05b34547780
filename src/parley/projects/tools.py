"""The tools of an agent, and the MCP servers that some of them are on. Source: the shapes in `tool_shapes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from parley.domain.ids import StepID, WorkflowID
from parley.domain.tools import (
    ApiTool,
    FunctionTool,
    McpServer,
    McpTool,
    Parameter,
    Running,
    Sound,
    SystemKind,
    SystemTool,
    Tool,
    ToolMessage,
    ToolMessages,
    WorkflowTool,
)
from parley.domain.world_steps import Api
from parley.projects.draft import Draft, Names, Place, is_nothing
from parley.projects.nodes import Mapped, Node, Scalar
from parley.projects.problems import Problems, did_you_mean
from parley.projects.reading import boolean, items_of, mapping_of, name_in, number, one_of, seconds, shaped, text_of
from parley.projects.saying import said_anywhere
from parley.projects.tool_shapes import (
    EVENTS,
    MESSAGE,
    MESSAGES,
    PARAMETER,
    REQUEST,
    SERVER,
    SOUND,
    SYSTEM,
    TOOL,
    TYPES,
)
from parley.projects.world_steps import api, captures_in, secret_template

KINDS = ("api", "function", "mcp", "workflow", "system")
_OWN: dict[str, tuple[str, ...]] = {
    "api": REQUEST,
    "workflow": ("outputs",),
    "system": ("limit", "domains", "address"),
}
"""Keys that only tools of this kind have."""
_DELAY = 3.0


def servers_of(node: Node | None, names: Names, problems: Problems) -> dict[str, McpServer]:
    """The MCP servers by name."""
    found: dict[str, McpServer] = {}
    for name, key, value in mapping_of(node, problems, "`mcp`"):
        name_in(key, problems, "an MCP server")
        with problems.inside(f"MCP server {name[:64]}"):
            found[name] = _server(name, value, names, problems)
    return found


def tools_of(node: Node | None, names: Names, problems: Problems) -> dict[str, Tool]:
    """The tools by name."""
    found: dict[str, Tool] = {}
    for name, key, value in mapping_of(node, problems, "`tools`"):
        name_in(key, problems, "a tool")
        with problems.inside(f"tool {name[:64]}"):
            tool = _tool(name, value, names, problems)
            if tool is not None:
                found[name] = tool
    return found


def _server(name: str, node: Node, names: Names, problems: Problems) -> McpServer:
    draft = Draft("", names, problems, lambda *_: None)
    if not isinstance(node, Mapped):
        url, mapping = secret_template(node, "the address of an MCP server", draft), None
    else:
        mapping = shaped(node, SERVER, problems, "an MCP server")
        address = node.get("url")
        url = "" if address is None else secret_template(address, "`url`", draft)
    if url and not url.strip().startswith(("http://", "https://", "{")):
        problems.error(node.mark, f"`{url[:80]}` is not the address of an MCP server", SERVER.advice)
    if mapping is None:
        return McpServer(name, url)
    headers = mapping_of(mapping.get("headers"), problems, "`headers`")
    timeout, about = mapping.get("timeout"), mapping.get("about")
    return McpServer(
        name,
        url,
        {header: secret_template(value, "`headers`", draft) for header, _, value in headers},
        None if timeout is None else seconds(timeout, problems, "`timeout`"),
        "" if about is None else text_of(about, problems, "`about`"),
    )


def _tool(name: str, node: Node, names: Names, problems: Problems) -> Tool | None:
    mapping = shaped(node, TOOL, problems, "a tool")
    if mapping is None:
        return None
    given = [kind for kind in KINDS if kind in mapping.values]
    if len(given) != 1:
        said = "none of them" if not given else f"`{given[0]}` and `{given[1]}`"
        kinds = ", ".join(f"`{kind}`" for kind in KINDS)
        problems.error(mapping.mark, f"a tool has one of {kinds}, and this has {said}", TOOL.advice)
        return None
    for key in mapping.values:
        owner = next((kind for kind, keys in _OWN.items() if key in keys), given[0])
        if owner != given[0]:
            problems.error(
                mapping.keys[key].mark, f"`{key}` is a key of `{owner}` tools, and this is a `{given[0]}` tool"
            )
    return _of_kind(given[0], name, mapping, names, problems)


def _of_kind(kind: str, name: str, mapping: Mapped, names: Names, problems: Problems) -> Tool:
    parameters = _parameters(mapping.get("parameters"), names, problems)
    known = replace(names, variables=names.variables | {each.name for each in parameters})
    draft = Draft("", known, problems, lambda *_: None)
    common = _common(name, mapping, parameters, names, problems)
    value = mapping.values[kind]
    written = text_of(value, problems, f"`{kind}`")
    match kind:
        case "api":
            return _api_tool(value, mapping, common, draft)
        case "function":
            _check_named(written, "function", names.functions, value, problems)
            return FunctionTool(**common, captures=captures_in(mapping.get("into"), draft), function=written)
        case "mcp":
            server, _, remote = written.partition(".")
            _check_named(server, "MCP server", names.servers, value, problems)
            return McpTool(
                **common, captures=captures_in(mapping.get("into"), draft), server=server, remote=remote or "*"
            )
        case "workflow":
            _check_named(written, "workflow", names.workflows, value, problems)
            outputs = mapping.get("outputs")
            listed = () if outputs is None else items_of(outputs, problems, "`outputs`")
            shown = tuple(text_of(each, problems, "`outputs`") for each in listed)
            return WorkflowTool(**common, workflow=WorkflowID(written), outputs=shown)
        case _:
            system: SystemKind = msgspec.convert(one_of(value, problems, "`system`", SYSTEM), SystemKind)
            return SystemTool(**common, kind=system, options=_options(mapping, draft))


def _api_tool(value: Node, mapping: Mapped, common: dict[str, Any], draft: Draft) -> ApiTool:
    id = StepID("request")
    asked = {key: node for key, node in mapping.values.items() if key in ("api", "into", *REQUEST)}
    api(value, replace(mapping, values=asked), Place(id, "", None, mapping.mark), draft)
    request = draft.steps[id]
    assert isinstance(request, Api)
    return ApiTool(**common, captures=request.captures, request=replace(request, captures=()))


def _common(
    name: str, mapping: Mapped, parameters: tuple[Parameter, ...], names: Names, problems: Problems
) -> dict[str, Any]:
    about, timeout, idempotent = (mapping.get(key) for key in ("about", "timeout", "idempotent"))
    return {
        "name": name,
        "about": "" if about is None else text_of(about, problems, "`about`"),
        "parameters": parameters,
        "messages": _messages(mapping.get("messages"), names, problems),
        "running": _running(mapping, problems),
        "timeout": None if timeout is None else seconds(timeout, problems, "`timeout`"),
        "idempotent": None if idempotent is None else boolean(idempotent, problems, "`idempotent`"),
        "sound": _sound(mapping.get("sound"), problems),
    }


def _running(mapping: Mapped, problems: Problems) -> Running:
    ways: dict[str, Running] = {"background": "background", "deferred": "deferred"}
    wanted = [key for key in ways if key in mapping.values and boolean(mapping.values[key], problems, f"`{key}`")]
    if len(wanted) > 1:
        problems.error(mapping.keys[wanted[1]].mark, "a tool is `background` or `deferred`, not both", "Keep one.")
    if wanted == ["background"] and "into" in mapping.values:
        problems.error(mapping.mark, "`into` gets nothing: `background` does not wait", "Write `deferred: true`.")
    return ways[wanted[0]] if wanted else "wait"


def _parameters(node: Node | None, names: Names, problems: Problems) -> tuple[Parameter, ...]:
    found = []
    draft = Draft("", names, problems, lambda *_: None)
    for name, key, value in mapping_of(node, problems, "`parameters`"):
        name_in(key, problems, "a parameter")
        found.append(_parameter(name, value, draft))
    return tuple(found)


def _parameter(name: str, node: Node, draft: Draft) -> Parameter:
    problems = draft.problems
    if is_nothing(node):
        return Parameter(name)
    if isinstance(node, Scalar):
        return Parameter(name, text_of(node, problems, "a parameter"))
    mapping = shaped(node, PARAMETER, problems, "a parameter")
    if mapping is None:
        return Parameter(name)
    about, kind, required, choices, given, into = (mapping.get(key) for key in PARAMETER.keys)
    listed = () if choices is None else items_of(choices, problems, "`choices`")
    return Parameter(
        name,
        "" if about is None else text_of(about, problems, "`about`"),
        "string" if kind is None else one_of(kind, problems, "`type`", TYPES),
        required is None or boolean(required, problems, "`required`"),
        tuple(text_of(each, problems, "`choices`") for each in listed),
        None if given is None else secret_template(given, "`given`", draft),
        None if into is None else draft.variable(into, "`into`"),
    )


def _messages(node: Node | None, names: Names, problems: Problems) -> ToolMessages:
    if node is None:
        return ToolMessages()
    mapping = shaped(node, MESSAGES, problems, "`messages`")
    if mapping is None:
        return ToolMessages()
    found = {each: _message(mapping.values[each], names, problems) for each in EVENTS if each in mapping.values}
    delayed = mapping.get("delayed")
    after = delayed.get("after") if isinstance(delayed, Mapped) else None
    delay = _DELAY if after is None else seconds(after, problems, "`after`")
    return ToolMessages(**found, delay=_DELAY if delay is None else delay)


def _message(node: Node, names: Names, problems: Problems) -> ToolMessage:
    if not isinstance(node, Mapped) or not set(node.values) & set(MESSAGE.keys):
        return ToolMessage(said_anywhere(node, names, problems, "a message"))
    mapping = shaped(node, MESSAGE, problems, "a message")
    say, generate = (mapping.get("say"), mapping.get("generate")) if mapping else (None, None)
    generated = generate is not None and boolean(generate, problems, "`generate`")
    if say is None and not generated:
        problems.error(node.mark, "the message says nothing", "Write `say`, or `generate: true`.")
    return ToolMessage(() if say is None else said_anywhere(say, names, problems, "`say`"), generated)


def _sound(node: Node | None, problems: Problems) -> Sound | None:
    if node is None:
        return None
    if not isinstance(node, Mapped):
        return Sound(text_of(node, problems, "`sound`"))
    mapping = shaped(node, SOUND, problems, "a sound")
    play, volume = (mapping.get("play"), mapping.get("volume")) if mapping else (None, None)
    ref = "" if play is None else text_of(play, problems, "`play`")
    return Sound(ref) if volume is None else Sound(ref, min(number(volume, problems, "`volume`", least=-1), 1.0))


def _options(mapping: Mapped, draft: Draft) -> dict[str, Any]:
    problems = draft.problems
    limit, domains, address = (mapping.get(key) for key in _OWN["system"])
    options: dict[str, Any] = {}
    if limit is not None:
        options["limit"] = int(number(limit, problems, "`limit`", whole=True))
    if domains is not None:
        options["domains"] = [text_of(each, problems, "`domains`") for each in items_of(domains, problems, "`domains`")]
    if address is not None:
        options["address"] = draft.template(address, "`address`")
    return options


def _check_named(name: str, what: str, known: set[str] | Mapping[str, Any], node: Node, problems: Problems) -> None:
    if name and name not in known:
        advice = did_you_mean(name, known) if known else f"Write it under `{_WHERE[what]}`."
        problems.error(node.mark, f"there is no {what} `{name[:80]}`", advice)


_WHERE = {"function": "functions", "MCP server": "mcp", "workflow": "workflows"}
