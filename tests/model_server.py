"""A provider of language models on a free port that does what it is told: streams, waits, fails, breaks off.

It speaks no format of its own: `model_streams.py` has the streams. What it was asked is in `requests`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

HANG_SECONDS = 20.0
"""A guard against hanging, never a measure."""
Part = bytes | asyncio.Event
"""Something to write, or something to wait for before it goes on."""
REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass
class Reply:
    """One answer. `ends`: well, cut in the middle, or not at all until the client goes."""

    parts: Sequence[Part] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    ends: Literal["well", "cut", "never"] = "well"


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: Any


class ModelServer:
    """Answers the n-th request with the n-th reply, and all further ones with the last."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.replies: list[Reply] = []
        self.left = asyncio.Event()
        """A client went before its answer was over."""
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL in the manner of OpenAI."""
        return f"http://127.0.0.1:{self.port}/v1"

    def reply(self, *parts: Part, **how: Any) -> None:
        """One more reply."""
        self.replies.append(Reply(parts, **how))

    def fail(self, status: int, error: Any = None, **headers: str) -> None:
        """One more reply, an error."""
        body = error if isinstance(error, bytes) else json.dumps(error or {}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append(Reply((body,), status, {"content-type": "application/json", **named}))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as many requests as the client makes."""
        self.connections += 1
        try:
            while await self._once(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.left.set()
        finally:
            writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Received(first.split()[1], headers, json.loads(body) if body else None))
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        return await self._write(reply, reader, writer)

    async def _write(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Whatever')}", "transfer-encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        for part in reply.parts:
            if isinstance(part, bytes):
                writer.write(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
                await writer.drain()
            elif not await self._waits(part, reader):
                return False
        if reply.ends == "never":
            await self._waits(asyncio.Event(), reader)
            return False
        if reply.ends == "cut":
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _waits(self, event: asyncio.Event, reader: asyncio.StreamReader) -> bool:
        """Wait for the event; False when the client goes first."""
        waiting, gone = asyncio.create_task(event.wait()), asyncio.create_task(reader.read(1))
        await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if gone.done():
            self.left.set()
            return False
        gone.cancel()
        await asyncio.wait((gone,))
        return True


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """A server that runs."""
    served = ModelServer()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
