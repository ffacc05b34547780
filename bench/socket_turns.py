"""Full durable turns over socket.io, one server process on SQLite: `python -m bench.socket_turns`.

A turn is an `action.send` up to its `completed`: accepted, two texts and what the flow tells of itself, recorded
before it is accepted and committed before it is completed. The server, as `parley serve` runs it, has the first core,
the generator the second; latency is from the write of the action to the read of `completed`. Beside it stands what
Node's socket.io does without any turn (`--node`, after `npm --prefix bench/node ci`): one event in, three out.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from bench.socket_load import close_peers, exchange, open_peers

SERVER_CORE, LOAD_CORE = 0, 1
AGENT = Path(__file__).with_name("echo.yaml")
UPGRADE = (
    b"GET /v4/interact/socket/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def _frame(packet: str) -> bytes:
    data = packet.encode()
    head = bytes((0x81, 0x80 | len(data))) if len(data) < 126 else b"\x81\xfe" + len(data).to_bytes(2, "big")
    return head + b"\0\0\0\0" + data


TURN = _frame('42["action.send",{"action":{"type":"text","payload":"Hello, how are you?"}}]')
# What the client sends at each stage once it has heard what ends the stage before.
OPENING = [
    (b"\r\n\r\n", b""),
    (b'"maxPayload":', _frame("40")),
    (b'40{"sid":"', b""),
    (b'"client.started"', _frame('42["session.create",{}]')),
    (b'"session.created"', TURN),
    (b'"completed"', TURN),
    (b'"completed"', b""),
]


class Figures(msgspec.Struct):
    """What one run gave."""

    rate: float
    p50_ms: float
    p99_ms: float
    generator_cpu: float = 0.0


class Talker(asyncio.Protocol):
    """One client with a session of its own."""

    def __init__(self, number: int, latencies: list[float]) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies = latencies
        self.repeats = False
        self.begun = 0.0
        self._stage = 0
        self._heard = b""
        start = {"userID": f"user-{os.getpid()}-{number}", "projectID": "echo"}
        self._start = _frame("42" + json.dumps(["client.start", start]))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        if self._stage < len(OPENING):
            self._open(data)
        elif b'"completed"' in data:
            now = time.perf_counter()
            self.latencies.append(now - self.begun)
            if self.repeats:
                self.begun = now
                self.transport.write(TURN)

    def _open(self, data: bytes) -> None:
        self._heard += data
        while self._stage < len(OPENING) and OPENING[self._stage][0] in self._heard:
            mark, answer = OPENING[self._stage]
            self._heard = self._heard.split(mark, 1)[1]
            self._stage += 1
            self.transport.write(self._start if mark == b'40{"sid":"' else answer)
        if self._stage == len(OPENING) and not self.ready.done():
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError("closed while opening"))

    def take_turn(self) -> None:
        self.begun = time.perf_counter()
        self.transport.write(TURN)


async def open_talkers(port: int, count: int, latencies: list[float]) -> list[Talker]:
    """Clients that have each had two turns."""
    gate = asyncio.Semaphore(50)

    async def connect(number: int) -> Talker:
        async with gate:
            loop = asyncio.get_running_loop()
            _, talker = await loop.create_connection(lambda: Talker(number, latencies), "127.0.0.1", port)
            await talker.ready
            return talker

    return list(await asyncio.gather(*(connect(n) for n in range(count))))


async def flat_out(talkers: list[Talker], latencies: list[float], seconds: float) -> Figures:
    """Each client begins its next turn when one is over."""
    gc.collect()
    gc.disable()
    latencies.clear()
    cpu, begun = time.process_time(), time.perf_counter()
    for talker in talkers:
        talker.repeats = True
        talker.take_turn()
    await asyncio.sleep(seconds)
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    figures = _figures(latencies, took, cpu)
    for talker in talkers:
        talker.repeats = False
    await asyncio.sleep(1.5)
    gc.enable()
    return figures


async def paced(talkers: list[Talker], latencies: list[float], rate: int, seconds: float) -> Figures:
    """So many turns a second, evenly, from one client after the other."""
    gc.collect()
    gc.disable()
    latencies.clear()
    cpu, begun = time.process_time(), time.perf_counter()
    for n in range(int(rate * seconds)):
        wait = begun + n / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        talkers[n % len(talkers)].take_turn()
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    await asyncio.sleep(0.5)
    gc.enable()
    return _figures(latencies, took, cpu)


def _figures(latencies: list[float], took: float, cpu: float) -> Figures:
    done = sorted(latencies) or [0.0]
    return Figures(len(done) / took, done[len(done) // 2] * 1000, done[len(done) * 99 // 100] * 1000, cpu / took)


@contextmanager
def server(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server process on its core."""
    process = subprocess.Popen(
        command, preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}), stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def until_up(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise TimeoutError("the server did not come up")


async def measure(port: int, size: int, options: argparse.Namespace) -> tuple[Figures, Figures | None]:
    """One fresh server, one number of connections."""
    latencies: list[float] = []
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        data = options.data or f"{folder}/bench.db"
        command = [sys.executable, "-m", "parley", "serve", str(AGENT), "--port", str(port), "--data", data]
        with server(command) as process:
            await until_up(port)
            talkers = await open_talkers(port, size, latencies)
            await flat_out(talkers, latencies, 1.0)
            if options.profile:
                spying = f"py-spy record -d 4 -r 500 -f raw -o {options.profile} -p {process.pid}"
                subprocess.Popen(spying.split(), stdout=subprocess.DEVNULL)
            busy = await flat_out(talkers, latencies, options.seconds)
            calm = await paced(talkers, latencies, options.pace, options.seconds) if size >= options.paced_at else None
            for talker in talkers:
                talker.transport.abort()
    return busy, calm


async def measure_node(port: int, size: int, options: argparse.Namespace) -> Figures:
    latencies: list[float] = []
    calm = ["--ping-interval", "600000", "--ping-timeout", "600000", "--triple", "--port", str(port)]
    with server(["node", "bench/node/echo.js", *calm]):
        await until_up(port)
        peers = await open_peers(port, size, latencies)
        await exchange(peers, latencies, 1.0)
        figures = await exchange(peers, latencies, options.seconds)
        close_peers(peers)
    return Figures(figures.rate, figures.p50_ms, figures.p99_ms, figures.generator_cpu)


async def run(options: argparse.Namespace) -> None:
    port = options.port
    print("server | connections | exchanges/s | p50 ms | p99 ms | generator cpu | load")
    for size in options.sizes:
        runs: dict[str, list[Figures]] = {}
        for _ in range(options.rounds):
            port += 2
            busy, calm = await measure(port, size, options)
            runs.setdefault("parley, full turns", []).append(busy)
            if calm is not None:
                runs.setdefault(f"parley, full turns at {options.pace}/s", []).append(calm)
            if options.node:
                runs.setdefault("node socket.io, echo", []).append(await measure_node(port + 1, size, options))
        for name, figures in runs.items():
            mid = statistics.median
            print(
                f"{name} | {size} | {mid(f.rate for f in figures):,.0f} | {mid(f.p50_ms for f in figures):.1f} | "
                f"{mid(f.p99_ms for f in figures):.1f} | {mid(f.generator_cpu for f in figures):.0%} | "
                f"{os.getloadavg()[0]:.1f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--port", type=int, default=24000)
    parser.add_argument("--pace", type=int, default=500)
    parser.add_argument("--paced-at", type=int, default=5000, help="the smallest size that is also measured paced")
    parser.add_argument("--sizes", type=lambda text: [int(each) for each in text.split(",")], default=[200, 1000, 5000])
    parser.add_argument("--data", help="':memory:' measures without a disk")
    parser.add_argument("--dir", help="where the data file is made")
    parser.add_argument("--node", action="store_true")
    parser.add_argument("--profile", help="write a py-spy profile of the server here")
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(options))


if __name__ == "__main__":
    main()
