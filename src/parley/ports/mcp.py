"""Servers of tools that speak the Model Context Protocol over streamable HTTP.

Addresses: as for requests (`ports/tools.py`): a host in a private network is called only where `private_hosts` names
it. Connections are made when they are needed, kept while they are used, and made anew when they break; a call that was
sent is never sent again. Time: `timeout` bounds each verb, connecting included. Sizes: a server's answer is at most
1 MB. Failure: `McpFailed`, whatever the server does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from parley.errors import ParleyError
from parley.ports.tools import LARGEST, TIMEOUT, Headers

__all__ = ["LARGEST", "TIMEOUT", "McpAnswer", "McpFailed", "McpPlace", "McpServers", "RemoteTool"]


class McpPlace(Struct, frozen=True):
    """Where a server is, and what is sent along with everything: the same place is the same connection."""

    url: str
    headers: Headers = ()
    private_hosts: frozenset[str] = frozenset()


class RemoteTool(Struct, frozen=True):
    """A tool as its server describes it. `parameters` is a JSON Schema. `is_idempotent`: the server says so."""

    name: str
    about: str = ""
    parameters: dict[str, Any] = {}
    is_idempotent: bool = False


class McpAnswer(Struct, frozen=True):
    """What a tool answered. `text` is for a model; `found` is the JSON that came along, None for none."""

    text: str
    found: Any = None
    is_error: bool = False


class McpFailed(ParleyError):
    """No answer: the server is refused or cannot be reached, is too slow, or answers what nobody understands."""

    code = "mcp_failed"


class McpServers(Protocol):
    """All servers that agents use."""

    async def tools(self, place: McpPlace, timeout: float = TIMEOUT) -> Sequence[RemoteTool]:
        """The server's tools as of its last word: kept until it says that they have changed. Raises `McpFailed`."""
        ...

    async def call(self, place: McpPlace, tool: str, arguments: dict[str, Any], timeout: float = TIMEOUT) -> McpAnswer:
        """Use a tool once. Raises `McpFailed`."""
        ...
