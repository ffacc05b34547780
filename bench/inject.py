"""`make bench-inject`: from a REST injection to its appearance at an observer, at 1 and at 1,000 live sessions.

The server is a real one in a process of its own, on SQLite; the clock starts before the request is written and stops
when the observer's frame has been read, both here.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import aiohttp

WORKSPACE, KEY = str(uuid.UUID(int=7)), "bench-owner-key"
INJECTIONS = 1_000
LIVE = (1, 1_000)
AGENT = """
project: bench
variables: {said: ""}
workflows:
  main:
    - {label: again, ask: Yes?, into: said}
    - say: "{said}"
    - -> again
"""
HEADERS = {"authorization": f"Bearer {KEY}"}


async def serve(place: Path) -> tuple[asyncio.subprocess.Process, str]:
    """A server, and where it is."""
    (place / "agent.yaml").write_text(AGENT)
    environment = {"WORKSPACE": WORKSPACE, "WORKSPACE_KEY": KEY, "PATH": "", "NO_COLOR": "1"}
    command = (sys.executable, "-m", "parley", "serve", str(place / "agent.yaml"), "--port", "0")
    server = await asyncio.create_subprocess_exec(
        *command, "--data", str(place / "data.db"), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert server.stdout is not None
    async for line in server.stdout:
        if b"URL " in line:
            return server, line.split()[-1].decode()
    raise SystemExit("the server did not start")


async def begin(client: aiohttp.ClientSession, at: str, count: int) -> list[str]:
    """So many conversations."""
    async with client.get(f"{at}/services") as answer:
        service = (await answer.json())["items"][0]["id"]
    made = []
    for _ in range(count):
        async with client.post(f"{at}/conversations", json={"service_id": service}) as answer:
            made.append((await answer.json())["id"])
    return made


async def measure(client: aiohttp.ClientSession, at: str, conversation: str) -> list[float]:
    """Milliseconds of each injection."""
    times = []
    url = f"{at}/observers/{conversation}/ws"
    async with client.ws_connect(url, protocols=("auth", KEY)) as observer:
        for n in range(INJECTIONS):
            begun = time.perf_counter()
            posting = asyncio.ensure_future(
                client.post(f"{at}/sessions/{conversation}/inject", json={"message": f"fact {n}"})
            )
            while json.loads(await observer.receive_str()).get("message") != f"fact {n}":
                pass
            times.append((time.perf_counter() - begun) * 1000)
            (await posting).release()
            if n % 100 == 99:
                async with client.post(f"{at}/conversations/{conversation}/turns", json={"message": "hi"}):
                    pass
    return times


async def main() -> None:
    """Print the table."""
    print(f"{'live sessions':>14} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8}")
    with tempfile.TemporaryDirectory() as directory:
        server, url = await serve(Path(directory))
        try:
            async with aiohttp.ClientSession(headers=HEADERS) as client:
                at, made = f"{url}/v1/{WORKSPACE}", 0
                for live in LIVE:
                    conversations = await begin(client, at, live - made)
                    made = live
                    times = sorted(await measure(client, at, conversations[-1]))
                    p99 = times[int(len(times) * 0.99)]
                    print(f"{live:>14,} {statistics.median(times):>8.2f} {p99:>8.2f} {times[-1]:>8.2f}", flush=True)
        finally:
            server.terminate()
            await server.wait()


if __name__ == "__main__":
    asyncio.run(main())
