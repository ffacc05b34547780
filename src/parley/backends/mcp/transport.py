"""HTTP as the SDK wants it, through connections that are guarded and answers that are bounded.

What goes wrong on the way is told to the SDK as an answer of the server: an exception would take along all calls of the
connection. Knows no MCP but the form of its errors.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import httpcore
import httpx2

from parley.errors import ParleyError
from parley.ports.mcp import LARGEST

Network = Callable[[frozenset[str]], httpcore.AsyncNetworkBackend]
FORGOTTEN = "the server does not know this session"
"""What the protocol says with 404: the request has not been looked at, and a new session may ask again."""
_FAILED = -32000
_STREAM = 4 * LARGEST
"""Bytes of all that a server says on its way to one answer."""
_CONNECTIONS = 16


class Bounded(httpx2.AsyncByteStream):
    """The body of an answer, as far as it may go. Raises `httpx2.StreamError`, which the SDK takes for an answer."""

    def __init__(self, parts: AsyncIterator[bytes], limit: int | None, close: Callable[[], object]) -> None:
        self._parts = parts
        self._limit = limit
        self._close = close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for part in self._parts:
                size += len(part)
                if self._limit is not None and size > self._limit:
                    raise httpx2.StreamError(f"the answer is larger than {self._limit} bytes")
                yield part
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise httpx2.StreamError("the connection broke before the answer was whole") from error

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._close()  # type: ignore[misc]


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends the SDK's requests for one set of private hosts."""

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(max_connections=_CONNECTIONS, network_backend=network)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The server's answer, or one that says why there is none."""
        url = request.url
        given = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await self._pool.handle_async_request(given)
        except ParleyError as refused:
            return _failed(refused.message)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return _failed(f"the server cannot be reached: {str(error)[:200] or type(error).__name__}")
        return await self._answer(request, response)

    async def _answer(self, request: httpx2.Request, response: httpcore.Response) -> httpx2.Response:
        method = request.method
        headers = httpx2.Headers(response.headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wrong = None
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            wrong = "the answer is packed, which was not asked for"
        elif method == "POST" and response.status == 404 and "mcp-session-id" in request.headers:
            wrong = FORGOTTEN
        elif method == "POST" and response.status >= 400 and kind != "application/json":
            wrong = f"the server answered {response.status}"
        if wrong is not None:
            await response.aclose()
            return _failed(wrong)
        streams = kind == "text/event-stream"
        limit = (None if method == "GET" else _STREAM) if streams else LARGEST
        body = Bounded(response.aiter_stream(), limit, response.aclose)
        return httpx2.Response(response.status, headers=headers, stream=body, extensions=response.extensions)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


def _failed(why: str) -> httpx2.Response:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": _FAILED, "message": why}}
    return httpx2.Response(502, headers={"content-type": "application/json"}, content=json.dumps(error).encode())
