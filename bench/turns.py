"""`make bench`: durable turns a second, first-trace latency, memory of idle sessions, and growth of the store."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from random import Random

import uvloop

from bench.http_client import Connection, request
from bench.measured import Measured, measured
from bench.prefill import prefill
from bench.server import ACTIONS

CONNECTIONS = 64
SECONDS = 4.0
ROUNDS = 3
PAIRS = 9
"""Short turns of bare route and turns, so that a machine whose speed drifts drifts for both."""


def bodies() -> list[bytes]:
    """What is sent again and again: launch and two texts."""
    return [json.dumps({"action": action}).encode() for action in ACTIONS]


async def rate(port: int, path: str, keys: list[str], seconds: float) -> float:
    """Requests a second over one connection a key, each with one request under way."""
    connections = [await Connection.open(port) for _ in keys]
    done = 0
    until = time.perf_counter() + seconds

    async def talk(connection: Connection, key: str) -> None:
        nonlocal done
        requests = [request("POST", path, key, body) for body in bodies()]
        while True:
            for one in requests:
                reply = await connection.send(one)
                if reply.status != 200:
                    raise RuntimeError(f"{reply.status}: {reply.body[:200]!r}")
                done += 1
                if time.perf_counter() >= until:
                    return

    began = time.perf_counter()
    await asyncio.gather(*(talk(c, k) for c, k in zip(connections, keys, strict=True)))
    elapsed = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return done / elapsed


async def first_traces(port: int, keys: list[str], seconds: float, pause: float) -> tuple[float, float, float]:
    """(p50 ms, p99 ms, turns/s) from the request to the first trace of a stream.

    `pause` 0: each connection sends again at once; otherwise it waits about so long between turns, by half more or
    less. Connections that all waited as long would fall into step behind the flush that answers several of them, and
    measure the crowd that they make.
    """
    chance = Random(len(keys))
    connections = [await Connection.open(port) for _ in keys]
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def talk(n: int, connection: Connection, key: str) -> None:
        requests = [request("POST", "/v4/interact/stream", key, body) for body in bodies()]
        await asyncio.sleep(pause * n / len(keys))
        while time.perf_counter() < until:
            for one in requests:
                reply = await connection.send(one)
                took.append(reply.first_trace - reply.began)
                if pause:
                    await asyncio.sleep(pause * (0.5 + chance.random()))

    began = time.perf_counter()
    await asyncio.gather(*(talk(n, c, k) for n, (c, k) in enumerate(zip(connections, keys, strict=True))))
    elapsed = time.perf_counter() - began
    for connection in connections:
        connection.close()
    took.sort()
    return took[len(took) // 2] * 1e3, took[int(len(took) * 0.99)] * 1e3, len(took) / elapsed


async def throughput(server: Measured, name: str, aim: float) -> None:
    """Turns a second beside the bare route, in turns, as a ratio of medians."""
    keys = await server.session_keys(CONNECTIONS, "rate")
    await rate(server.port, "/v4/interact", keys, 1.0)
    bare, turns = [], []
    for _ in range(PAIRS):
        bare.append(await rate(server.port, "/bench/bare", keys, 1.0))
        turns.append(await rate(server.port, "/v4/interact", keys, 1.0))
    ratio = statistics.median(t / b for t, b in zip(turns, bare, strict=True))
    print(
        f"{name:8} bare route {statistics.median(bare):8,.0f}/s   durable turns {statistics.median(turns):8,.0f}/s   "
        f"{ratio:6.1%}  (aim {aim:.0%})"
    )


async def latency(server: Measured) -> None:
    """First-trace latency at three sizes, unpaced and paced."""
    for count in (1, 50, 200):
        keys = await server.session_keys(count, f"latency{count}")
        for pause, label in ((0.0, "at once"), (0.1, "paced  ")):
            p50, p99, turns = await first_traces(server.port, keys, SECONDS, pause)
            print(f"first trace, {count:3} connections, {label}: p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {turns:6,.0f}/s")


async def memory(server: Measured) -> None:
    """What a thousand sessions that are launched and left alone hold."""
    await server.session_keys(200, "warm")
    before = server.memory_kb()
    keys = await server.session_keys(3000, "idle")
    connection = await Connection.open(server.port)
    launch = bodies()[0]
    for key in keys:
        await connection.send(request("POST", "/v4/interact", key, launch))
    print(f"memory: {(server.memory_kb() - before) / 3:,.0f} kB for 1,000 idle sessions")


async def growth(folder: Path) -> None:
    """Turns a second as the number of stored sessions grows."""
    first = 0.0
    for stored in (1_000, 10_000, 100_000):
        data = folder / f"grown-{stored}.db"
        await prefill(data, stored)
        with measured(str(data)) as server:
            keys = await server.session_keys(CONNECTIONS, "growth")
            await rate(server.port, "/v4/interact", keys, 1.0)
            turns = statistics.median([await rate(server.port, "/v4/interact", keys, SECONDS) for _ in range(ROUNDS)])
            first = first or turns
            print(f"stored sessions {stored:7,}: {turns:6,.0f} turns/s  ({turns / first:5.1%} of the first)")


async def main() -> None:
    """The whole run, about two minutes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with measured(str(folder / "turns.db")) as server:
            await throughput(server, "SQLite", 0.15)
            await latency(server)
        with measured(":memory:") as server:
            await throughput(server, "memory", 0.25)
            await memory(server)
        await growth(folder)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
        runner.run(main())
