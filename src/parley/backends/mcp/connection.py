"""One connection to one server, owned by a task of its own: the SDK wants to be entered and left in the same one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2
import pydantic
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation, ToolListChangedNotification

import parley
from parley.backends.mcp.transport import FORGOTTEN, GuardedTransport
from parley.ports.mcp import LARGEST, McpFailed, McpPlace

for _name in ("mcp", "client", "httpx2", "httpcore2"):
    # They log addresses, and what servers say: both may hold what no log may.
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

T = TypeVar("T")
_FAREWELL = 2.0
"""Seconds."""
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})


class Forgotten(McpFailed):
    """The server does not know this connection any more."""

    code = "mcp_forgotten"


class Connection:
    """A session with a server. `changed` is called when the server says that its tools have changed."""

    def __init__(self, place: McpPlace, transport: GuardedTransport, changed: Callable[[], None]) -> None:
        self._place = place
        self._transport = transport
        self._changed = changed
        self._session: ClientSession | None = None
        self._ready = asyncio.Event()
        self._leave = asyncio.Event()
        self._is_retired = False
        self._calls = 0
        self._owner = asyncio.get_running_loop().create_task(self._own())

    @property
    def is_over(self) -> bool:
        """Nothing more may be asked here: it broke, was closed, or goes when its last call is over."""
        return self._owner.done() or self._leave.is_set() or self._is_retired

    @property
    def is_gone(self) -> bool:
        """Nothing is left of it."""
        return self._owner.done()

    @property
    def is_idle(self) -> bool:
        """Nobody waits for an answer."""
        return self._calls == 0

    async def ask(self, do: Callable[[ClientSession], Awaitable[T]], timeout: float) -> T:
        """What the server answers. Raises `McpFailed`, whatever it does."""
        self._calls += 1
        asking = asyncio.ensure_future(self._ask(do))
        try:
            async with asyncio.timeout(timeout):
                await asyncio.wait({asking, self._owner}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            # A server that does not answer once is not asked again over the same connection.
            self._is_retired = True
            raise McpFailed(f"no answer after {timeout:g} s") from error
        finally:
            self._calls -= 1
            if not asking.done():
                asking.cancel()
                await asyncio.wait([asking])
            if self._is_retired and self.is_idle:
                self.go()
        if asking.cancelled():
            raise McpFailed(self._why())
        return asking.result()

    async def close(self) -> None:
        """Leave the server."""
        self.go()
        await asyncio.wait([self._owner])

    def go(self) -> None:
        if self._ready.is_set():
            self._leave.set()
        else:
            self._owner.cancel()

    async def _ask(self, do: Callable[[ClientSession], Awaitable[T]]) -> T:
        await self._ready.wait()
        assert self._session is not None
        try:
            return await do(self._session)
        except MCPError as error:
            message = str(error)
            if message == FORGOTTEN:
                self._is_retired = True
                raise Forgotten(message) from error
            raise McpFailed(message[:500] or "the server reports an error") from error
        except (pydantic.ValidationError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise McpFailed("the server's answer is not what the protocol says") from error

    async def _own(self) -> None:
        headers = {name: value for name, value in self._place.headers if name.lower() not in _OWN}
        client = httpx2.AsyncClient(
            transport=self._transport,
            headers=headers | {"accept-encoding": "identity"},
            timeout=httpx2.Timeout(10.0, read=None),
            trust_env=False,
        )
        info = Implementation(name="parley", version=parley.__version__)
        async with (
            asyncio.timeout(None) as deadline,
            client,
            streamable_http_client(self._place.url, http_client=client, max_sse_event_size=LARGEST) as (read, write),
            ClientSession(read, write, client_info=info, message_handler=self._heard) as session,
        ):
            await session.initialize()
            self._session = session
            self._ready.set()
            await self._leave.wait()
            # The server is told that the session is over; one that does not listen is left all the same.
            deadline.reschedule(asyncio.get_running_loop().time() + _FAREWELL)

    async def _heard(self, message: Any) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._changed()

    def _why(self) -> str:
        if self._owner.cancelled() or not self._owner.done():
            return "the connection was closed"
        error = _cause(self._owner.exception())
        if isinstance(error, MCPError):
            return str(error)[:500] or "the server refuses"
        if error is None:
            return "the connection was closed"
        if isinstance(error, pydantic.ValidationError | RuntimeError | ValueError | TypeError | KeyError):
            return "the server's answer is not what the protocol says"
        return "the connection broke"


def _cause(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
