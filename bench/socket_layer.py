"""The socket layer beside Node's socket.io: exchanges a second, latency, connects a second, memory a connection.

`python -m bench.socket_layer` (after `npm --prefix bench/node ci`). An exchange is one event in and three out.
Servers run on the first core, the generator on the second, in interleaved rounds; medians are printed.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import msgspec
import uvloop

from bench.socket_load import Measure, close_peers, exchange, open_peers

SERVER_CORE, LOAD_CORE = 0, 1
CALM = ["--ping-interval", "600000", "--ping-timeout", "600000", "--triple"]
SERVERS = {
    "node socket.io": ["node", "bench/node/echo.js", *CALM],
    "parley": [sys.executable, "-m", "bench.socket_echo", *CALM],
    "parley, plain ASGI": [sys.executable, "-m", "bench.socket_echo", *CALM, "--ws", "websockets-sansio"],
}


class Round(msgspec.Struct):
    """One server at one size."""

    measure: Measure
    connects_a_second: float
    kilobytes_a_connection: float
    server_microseconds: float


class Server:
    """A server process pinned to its core."""

    def __init__(self, name: str, port: int) -> None:
        self.port = port
        command = [*SERVERS[name], "--port", str(port)]
        self.process = subprocess.Popen(command, preexec_fn=_pin_server, start_new_session=True)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def resident(self) -> int:
        """Bytes in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def until_up(self) -> None:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
        raise TimeoutError("the server did not come up")


def _pin_server() -> None:
    os.sched_setaffinity(0, {SERVER_CORE})


async def run_round(name: str, port: int, size: int, seconds: float) -> Round:
    latencies: list[float] = []
    with Server(name, port) as server:
        await server.until_up()
        warm = await open_peers(port, 20, latencies)
        await exchange(warm, latencies, 1.0)
        close_peers(warm)
        await asyncio.sleep(0.3)
        before = server.resident()
        begun = time.perf_counter()
        peers = await open_peers(port, size, latencies)
        connecting = time.perf_counter() - begun
        await asyncio.sleep(0.5)
        memory = server.resident() - before
        cpu = server.cpu()
        measure = await exchange(peers, latencies, seconds)
        cpu = server.cpu() - cpu
        close_peers(peers)
    return Round(
        measure=measure,
        connects_a_second=size / connecting,
        kilobytes_a_connection=memory / size / 1000,
        server_microseconds=cpu / measure.exchanges * 1e6,
    )


async def run(options: argparse.Namespace) -> None:
    rounds: dict[tuple[str, int], list[Round]] = defaultdict(list)
    port = options.port
    for _ in range(options.rounds):
        for size in options.sizes:
            for name in SERVERS:
                if any(name == wanted for wanted in options.servers):
                    port += 1
                    rounds[name, size].append(await run_round(name, port, size, options.seconds))
    print(
        "server | connections | exchanges/s | p50 ms | p99 ms | server us each | generator cpu | connects/s | kB each"
    )
    for (name, size), results in sorted(rounds.items(), key=lambda each: each[0][1]):
        print(f"{name} | {size} | {summary(results)}")


def summary(results: list[Round]) -> str:
    """The medians of several rounds."""
    columns = (
        (",.0f", [each.measure.rate for each in results]),
        (".1f", [each.measure.p50_ms for each in results]),
        (".1f", [each.measure.p99_ms for each in results]),
        (".1f", [each.server_microseconds for each in results]),
        (".0%", [each.measure.generator_cpu for each in results]),
        (",.0f", [each.connects_a_second for each in results]),
        (".1f", [each.kilobytes_a_connection for each in results]),
    )
    return " | ".join(format(statistics.median(values), style) for style, values in columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--port", type=int, default=23000)
    parser.add_argument("--sizes", type=lambda text: [int(each) for each in text.split(",")], default=[200, 1000, 5000])
    parser.add_argument("--servers", nargs="*", default=list(SERVERS))
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(options))


if __name__ == "__main__":
    main()
