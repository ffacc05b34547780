"""One way of reading 200 streams at once, in a process of its own: its times, its CPU, and whether all was read.

`python -m bench.llm_reader bare|ours|sdk|whole PORT ROUNDS [API_KEY]`; prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench.http_client import Connection, request
from bench.llm_provider import ANSWER

STREAMS = 200
Read = Callable[[int], Awaitable[tuple[float, str]]]
"""The n-th stream, to its end: when its first chunk came (performance counter), and its text."""


async def bare(port: int) -> tuple[Read, Callable[[], Awaitable[None]]]:
    """aiohttp alone: bytes are read and put aside."""
    import aiohttp

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}).encode()
    url = f"http://127.0.0.1:{port}/v1/chat/completions"

    async def read(n: int) -> tuple[float, str]:
        first, parts = 0.0, []
        async with session.post(url, data=body, headers={"content-type": "application/json"}) as response:
            async for part in response.content.iter_any():
                first = first or time.perf_counter()
                parts.append(part)
        return first, "".join(re.findall(r'"content": "([^"]*)"', b"".join(parts).decode()))

    return read, session.close


async def ours(port: int) -> tuple[Read, Callable[[], Awaitable[None]]]:
    """Parley's client."""
    from parley.backends.clock import SystemClock
    from parley.backends.llm.configured import ConfiguredModels
    from parley.ports.llm import Asked, Line

    models = ConfiguredModels(SystemClock(), {}.get, url=f"http://127.0.0.1:{port}/v1")
    model = models.open("openai:m", None)
    assert model is not None

    async def read(n: int) -> tuple[float, str]:
        first, parts = 0.0, []
        async for piece in model.answer(Asked((Line("user", "Hi"),))):
            if isinstance(piece, str):
                first = first or time.perf_counter()
                parts.append(piece)
        return first, "".join(parts)

    return read, models.close


async def sdk(port: int) -> tuple[Read, Callable[[], Awaitable[None]]]:
    """The official openai SDK."""
    import openai

    client = openai.AsyncOpenAI(api_key="k", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0, timeout=120)
    lines: Any = [{"role": "user", "content": "Hi"}]

    async def read(n: int) -> tuple[float, str]:
        first, parts = 0.0, []
        stream = await client.chat.completions.create(model="m", messages=lines, stream=True)
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                first = first or time.perf_counter()
                parts.append(chunk.choices[0].delta.content)
        return first, "".join(parts)

    return read, client.close


class Listener(Connection):
    """Notes when the first piece of a completion comes."""

    first_content = 0.0

    def data_received(self, data: bytes) -> None:
        """See `Connection`."""
        if not self.first_content and b'"content"' in data:
            self.first_content = time.perf_counter()
        super().data_received(data)


async def whole(port: int, key: str) -> tuple[Read, Callable[[], Awaitable[None]]]:
    """A client of a Parley server whose agent asks the provider."""
    listeners = [await listener(port) for _ in range(STREAMS)]
    sessions = []
    for n, each in enumerate(listeners):
        body = json.dumps({"userID": f"bench-{n}"}).encode()
        started = await each.send(request("POST", "/v4/project/bench/session", key, body))
        sessions.append(json.loads(started.body)["sessionKey"])
    body = json.dumps({"action": {"type": "launch"}, "config": {"completionEvents": True}}).encode()

    async def read(n: int) -> tuple[float, str]:
        each = listeners[n]
        each.first_content = 0.0
        reply = await each.send(request("POST", "/v4/interact/stream", sessions[n], body))
        if reply.status != 200:
            raise RuntimeError(f"{reply.status}: {reply.body[:200]!r}")
        return each.first_content, told_in(unframed(reply.body))

    async def close() -> None:
        for each in listeners:
            each.close()

    return read, close


async def listener(port: int) -> Listener:
    """A connection to the server."""
    _, made = await asyncio.get_running_loop().create_connection(Listener, "127.0.0.1", port)
    return made


def unframed(body: bytes) -> bytes:
    """The body without its chunks' sizes."""
    whole, at = [], 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        if not size:
            return b"".join(whole)
        whole.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


def told_in(body: bytes) -> str:
    """The texts of all completions in an event stream."""
    texts = []
    for line in body.decode().splitlines():
        if line.startswith("data:") and '"content"' in line:
            event = json.loads(line[5:])
            payload = (event.get("trace") or event)["payload"]
            if isinstance(payload, dict) and payload.get("state") == "content":
                texts.append(payload["content"])
    return "".join(texts)


async def main(kind: str, port: int, rounds: int, key: str) -> None:
    """All streams at once, again and again; the first round warms up."""
    kinds = {"bare": bare, "ours": ours, "sdk": sdk}
    read, close = await (whole(port, key) if kind == "whole" else kinds[kind](port))
    took: list[float] = []
    lost = 0
    spent = 0.0
    for n in range(rounds + 1):
        print("round", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        came = await asyncio.gather(*(timed(read, each) for each in range(STREAMS)))
        if n:
            took += [first for first, _ in came]
            spent += time.process_time() - before
            lost += sum(text != ANSWER for _, text in came)
    await close()
    took.sort()
    figures = {"p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)], "cpu": spent, "lost": lost}
    print(json.dumps(figures), flush=True)


async def timed(read: Read, n: int) -> tuple[float, str]:
    """Seconds until the first chunk, and the text."""
    began = time.perf_counter()
    first, text = await read(n)
    return first - began, text


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *(sys.argv[4:] or [""])))
