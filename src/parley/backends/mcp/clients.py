"""All servers that agents use: their connections, and what is known of their tools. Knows no SDK until it is needed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from parley.ports.clock import Clock
from parley.ports.mcp import TIMEOUT, McpAnswer, McpFailed, McpPlace, RemoteTool

if TYPE_CHECKING:
    from parley.backends.mcp.connection import Connection
    from parley.backends.mcp.transport import Network

_FRESH_MS = 300_000
"""How long a list of tools is believed without a word from its server."""
_SULKING_MS = 10_000
"""How long a server that could not tell its tools is not asked again: turns do not wait for it meanwhile."""
_CONNECTIONS = 64


def is_installed() -> bool:
    """Whether the SDK is there."""
    return find_spec("mcp") is not None and find_spec("httpx2") is not None


class _Known(Struct):
    """What is known of a server's tools, as of `at_ms`."""

    at_ms: int
    tools: Sequence[RemoteTool] = ()
    failure: str | None = None


class McpClients:
    """See `McpServers`. `network` gives what connections are made with, for a set of private hosts."""

    def __init__(self, network: Network, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._connections: OrderedDict[McpPlace, Connection] = OrderedDict()
        self._known: OrderedDict[McpPlace, _Known] = OrderedDict()
        self._asking: dict[McpPlace, asyncio.Task[Sequence[RemoteTool]]] = {}
        self._old: list[Connection] = []
        """Connections that nobody is given any more, some of which still have to answer."""

    async def tools(self, place: McpPlace, timeout: float = TIMEOUT) -> Sequence[RemoteTool]:
        """See `McpServers.tools`."""
        known, now = self._known.get(place), self._clock.now_ms()
        if known is not None and known.failure is not None and now - known.at_ms < _SULKING_MS:
            raise McpFailed(known.failure)
        if known is not None and known.failure is None and now - known.at_ms < _FRESH_MS:
            return known.tools
        asking = self._asking.get(place)
        if asking is None:
            asking = self._asking[place] = asyncio.create_task(self._list(place, timeout))
            asking.add_done_callback(lambda done: self._listed(place, done))
        return await asyncio.shield(asking)

    async def call(self, place: McpPlace, tool: str, arguments: dict[str, Any], timeout: float = TIMEOUT) -> McpAnswer:
        """See `McpServers.call`."""
        from parley.backends.mcp.answers import answer_of
        from parley.backends.mcp.connection import Forgotten

        async def once() -> McpAnswer:
            result = await self._connection(place).ask(lambda session: session.call_tool(tool, arguments), timeout)
            return answer_of(result)

        try:
            return await once()
        except Forgotten:
            return await once()

    async def close(self) -> None:
        """Leave all servers."""
        for asking in self._asking.values():
            asking.cancel()
        going = [*self._old, *self._connections.values()]
        self._connections.clear()
        await asyncio.gather(*(connection.close() for connection in going))

    async def _list(self, place: McpPlace, timeout: float) -> Sequence[RemoteTool]:
        from parley.backends.mcp.answers import list_all
        from parley.backends.mcp.connection import Forgotten

        try:
            return await self._connection(place).ask(list_all, timeout)
        except Forgotten:
            return await self._connection(place).ask(list_all, timeout)

    def _listed(self, place: McpPlace, done: asyncio.Task[Sequence[RemoteTool]]) -> None:
        self._asking.pop(place, None)
        if done.cancelled():
            return
        error, now = done.exception(), self._clock.now_ms()
        self._known[place] = _Known(now, done.result()) if error is None else _Known(now, failure=str(error))
        while len(self._known) > 4 * _CONNECTIONS:
            self._known.popitem(last=False)

    def _connection(self, place: McpPlace) -> Connection:
        if not is_installed():
            raise McpFailed("MCP servers cannot be used here: install parley[mcp]")
        from parley.backends.mcp.connection import Connection
        from parley.backends.mcp.transport import GuardedTransport

        connection = self._connections.get(place)
        if connection is not None and connection.is_over:
            self._old = [each for each in (*self._old, connection) if not each.is_gone]
            connection = None
        if connection is None:
            transport = GuardedTransport(self._network(place.private_hosts))
            connection = self._connections[place] = Connection(place, transport, lambda: self._forget(place))
        self._connections.move_to_end(place)
        self._make_room()
        return connection

    def _forget(self, place: McpPlace) -> None:
        """The server says that its tools have changed."""
        self._known.pop(place, None)

    def _make_room(self) -> None:
        for place, connection in list(self._connections.items())[:-1]:
            if len(self._connections) <= _CONNECTIONS:
                return
            if connection.is_idle:
                connection.go()
                self._old = [each for each in (*self._old, self._connections.pop(place)) if not each.is_gone]
