"""`make bench-llm`: 200 streams of 300 tokens at once, read in four ways: first chunk, CPU a chunk, and nothing lost.

Bare aiohttp, Parley's client, the official openai SDK, and the whole way from the provider through engine, outbox and
HTTP to a client. Each way is a process of its own; of the last, the server's CPU counts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.llm_provider import TOKENS
from bench.llm_reader import STREAMS

KEY = "VF.DM.bench.key"
AGENT = "project: bench\nworkflows: {main: [{prompt: Hi}, {buttons: {Again: }}]}\n"
WAYS = {
    "bare": "aiohttp alone",
    "ours": "Parley's client",
    "sdk": "openai SDK",
    "whole": "engine, outbox, SSE",
}
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is told to go at the end."""
    started = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL if command[0] == "parley" else None,
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(30)


def line_with(output: IO[str] | None, pattern: str) -> str:
    """What the first line that fits says."""
    for line in output or ():
        if found := re.search(pattern, line):
            return found[1]
    raise RuntimeError(f"a process ended before it said {pattern}")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(kind: str, port: int, rounds: int, server: int | None = None) -> dict[str, float]:
    """One way of reading; `server` is the process whose CPU counts instead of the reader's."""
    with process("bench.llm_reader", kind, str(port), str(rounds), KEY) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        marks: list[float] = []
        for line in reader.stdout:
            if line.strip() != "round":
                figures: dict[str, float] = json.loads(line)
                break
            marks.append(cpu_seconds(server) if server else 0.0)
            reader.stdin.write("\n")
            reader.stdin.flush()
        else:
            raise RuntimeError(f"{kind}: the reader failed")
    if server:
        figures["cpu"] = cpu_seconds(server) - marks[1]
    return figures


@contextmanager
def served(provider: int) -> Iterator[tuple[int, int]]:
    """A Parley server whose agent asks the provider: its port and its process."""
    with tempfile.TemporaryDirectory() as folder:
        agent = Path(folder, "bench.yaml")
        agent.write_text(AGENT)
        data = str(Path(folder, "data.db"))
        settings = {"PARLEY_MODEL": "openai:m", "PARLEY_MODEL_URL": f"http://127.0.0.1:{provider}/v1", "API_KEY": KEY}
        with process("parley", "serve", str(agent), "--port", "0", "--data", data, **settings) as server:
            yield int(line_with(server.stdout, r"URL\s+http://localhost:(\d+)")), server.pid


def table(pace: float, rounds: int) -> None:
    """All ways under one load."""
    chunks = STREAMS * TOKENS * rounds
    print(f"\n{STREAMS} streams of {TOKENS} tokens, {pace * 1000:g} ms between tokens; {rounds} rounds")
    print(f"{'':22}{'first chunk p50':>16}{'p99':>10}{'CPU a 1,000 chunks':>22}{'streams not whole':>20}")
    with process("bench.llm_provider", str(pace)) as provider:
        port = int(line_with(provider.stdout, r"ready (\d+)"))
        for kind, name in WAYS.items():
            if kind == "whole":
                with served(port) as (door, pid):
                    figures = measure(kind, door, rounds, pid)
            else:
                figures = measure(kind, port, rounds)
            cpu = figures["cpu"] / chunks * 1e6
            print(
                f"{name:22}{figures['p50'] * 1e3:13.1f} ms{figures['p99'] * 1e3:7.1f} ms{cpu:19.1f} ms"
                f"{int(figures['lost']):>20}",
                flush=True,
            )


def main() -> None:
    """The whole run, about two minutes."""
    table(0.0, 3)
    table(0.03, 1)


if __name__ == "__main__":
    main()
