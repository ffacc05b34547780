"""The MCP tool: a tool of a server elsewhere, with the parameters that the server asks for.

Source: Conversations API, section 8 (MCP).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from parley.domain.ids import StepID
from parley.domain.redaction import Redaction
from parley.domain.tools import McpServer, McpTool
from parley.engine.effects import UnknownOutcome, once
from parley.engine.redacting import redacted_reason
from parley.engine.requests import LINE, WithSecrets
from parley.engine.templates import Variables, render
from parley.engine.tools.outcome import Outcome, Run, failed
from parley.engine.turn import Turn
from parley.ports.mcp import TIMEOUT, McpAnswer, McpFailed, McpPlace, RemoteTool
from parley.ports.tools import LARGEST

_Said = TypeVar("_Said", McpAnswer, RemoteTool)

ALL = "*"
"""As a tool's `remote`: every tool of the server."""
_PATIENCE = 5.0
"""Seconds that a turn waits at most for a server to say which tools it has."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(McpAnswer)


def place_of(server: McpServer, turn: Turn) -> McpPlace:
    """Where the server is for this user. Raises `NoSecret`."""
    return place_at(server, turn.secret, turn.variables, turn.program.settings.private_hosts)


def place_at(
    server: McpServer, secret: Callable[[str], str | None], variables: Variables, private_hosts: Sequence[str]
) -> McpPlace:
    """Where the server is with these values. Raises `NoSecret`."""
    given = WithSecrets(secret, variables)
    headers = tuple((name, LINE.sub(" ", render(value, given)).strip()) for name, value in server.headers.items())
    return McpPlace(render(server.url, given).strip(), headers, frozenset(host.lower() for host in private_hosts))


async def remote_tools(tool: McpTool, turn: Turn) -> Sequence[RemoteTool]:
    """The server's tools, or the one that this tool stands for. Raises `McpFailed`, `NoSecret`."""
    server = _server(tool, turn)
    place = place_of(server, turn)
    try:
        found = await _servers(turn).tools(place, min(seconds_of(tool, turn), _PATIENCE))
    except McpFailed as failure:
        raise McpFailed(redacted_reason(failure.message, place.url, turn.redaction)) from None
    wanted = found if tool.remote == ALL else [each for each in found if each.name == tool.remote]
    return wanted if turn.redaction is None else [_hidden(each, turn.redaction) for each in wanted]


def offered_name(tool: McpTool, remote: RemoteTool) -> str:
    """What the model calls it by."""
    return tool.name if tool.remote != ALL else _UNSAFE.sub("_", f"{tool.name}_{remote.name}")[:64]


def seconds_of(tool: McpTool, turn: Turn) -> float:
    """How long its server may take."""
    if tool.timeout is not None:
        return tool.timeout
    server = turn.program.servers.get(tool.server)
    return TIMEOUT if server is None or server.timeout is None else server.timeout


def prepare_mcp(tool: McpTool, remote: RemoteTool, arguments: dict[str, Any], place: StepID, turn: Turn) -> Run:
    """The call, ready to be made. Raises `McpFailed`, `NoSecret`."""
    servers, there = _servers(turn), place_of(_server(tool, turn), turn)
    seconds = seconds_of(tool, turn)
    asked = f"mcp {there.url} {remote.name} {_ENCODER.encode(arguments).decode()}"
    if len(asked) > LARGEST:
        raise McpFailed(f"the arguments are larger than {LARGEST} bytes")
    is_idempotent = remote.is_idempotent if tool.idempotent is None else tool.idempotent

    async def call() -> bytes:
        try:
            answer = await servers.call(there, remote.name, arguments, seconds)
        except McpFailed as error:
            why = redacted_reason(error.message, there.url, turn.redaction)
            answer = McpAnswer(why, _FAILED, is_error=True)
        return _ENCODER.encode(_hidden(answer, turn.redaction) if turn.redaction else answer)

    async def run() -> Outcome:
        try:
            answer = _DECODER.decode(await once(turn, place, asked, call, is_idempotent=is_idempotent))
        except UnknownOutcome as error:
            return failed(error.message)
        return _outcome(answer)

    return run


_FAILED = "__failed__"
"""`found` of an answer that never came."""


def _outcome(answer: McpAnswer) -> Outcome:
    if answer.found == _FAILED:
        return failed(answer.text)
    if answer.is_error:
        return Outcome(f"Error: {answer.text}", is_error=True, notes=(("error", "the tool reports an error"),))
    return Outcome(answer.text or "Done.", found=answer.found, has_found=True)


def _hidden(said: _Said, redaction: Redaction) -> _Said:
    """What a server says, without secrets: it may say back whatever it was told."""
    return msgspec.convert(redaction.json(msgspec.to_builtins(said)), type(said))


def _server(tool: McpTool, turn: Turn) -> McpServer:
    server = turn.program.servers.get(tool.server)
    if server is None:
        raise McpFailed(f"there is no MCP server '{tool.server}'")
    return server


def _servers(turn: Turn) -> Any:
    if turn.world.mcp is None:
        raise McpFailed("MCP servers cannot be used here: install parley[mcp]")
    return turn.world.mcp
