"""One keep-alive HTTP connection that costs the load generator as little as possible."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import cast


@dataclass(slots=True)
class Reply:
    """A whole answer. Times are in seconds on the performance counter."""

    status: int
    body: bytes
    began: float
    first_trace: float
    ended: float


class Connection(asyncio.Protocol):
    """Sends one request after another; understands Content-Length and chunked answers, nothing else."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Reply] | None = None
        self._began = self._first = 0.0
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to this machine's `port`."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    async def send(self, request: bytes) -> Reply:
        """Send a request that `request()` made and wait for the whole answer."""
        assert self._transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        self._buffer.clear()
        self._first = 0.0
        self._began = time.perf_counter()
        self._transport.write(request)
        return await self._waiter

    def data_received(self, data: bytes) -> None:
        """Gather the answer; note when its first trace arrives."""
        self._buffer += data
        if not self._first and (b"event: trace" in data or b'{"traces"' in data):
            self._first = time.perf_counter()
        if self._waiter is None or self._waiter.done():
            return
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        body = self._whole_body(head)
        if body is not None:
            status = int(self._buffer[9:12])
            self._waiter.set_result(Reply(status, body, self._began, self._first, time.perf_counter()))

    def _whole_body(self, head: int) -> bytes | None:
        headers = bytes(self._buffer[:head]).lower()
        at = headers.find(b"content-length:")
        if at >= 0:
            length = int(headers[at + 15 :].split(b"\r\n", 1)[0])
            return bytes(self._buffer[head + 4 :]) if len(self._buffer) >= head + 4 + length else None
        return bytes(self._buffer[head + 4 :]) if self._buffer.endswith(b"\r\n0\r\n\r\n") else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def request(method: str, path: str, authorization: str, body: bytes) -> bytes:
    """A request as bytes."""
    return (
        b"%s %s HTTP/1.1\r\nhost: bench\r\nauthorization: %s\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (method.encode(), path.encode(), authorization.encode(), len(body), body)
    )
