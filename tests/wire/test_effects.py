"""A turn that is run again after kill -9 does not do to the world what it has done: real servers, real kills."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import apsw
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.cli.running import PARLEY
from tests.house_fixture import API_KEY, served

AGENT = """
project: shop
variables: {{got: none, other: none, n: 0}}
settings: {{private_hosts: ["127.0.0.1:{port}"]}}
functions:
  pay: |
    export default async function main(args) {{
      const first = await fetch('http://127.0.0.1:{port}/fetched', {{ method: 'POST', body: 'one' }})
      const second = await fetch('http://127.0.0.1:{port}/fetched_slowly', {{ method: 'POST', body: 'two' }})
      return {{ outputVars: {{ out: first.json.n + ' and ' + second.json.n }} }}
    }}
workflows:
  main:
    - ask: What
      into: got
    - cases:
        - {{if: got == 'post', then: -> post}}
        - {{if: got == 'get', then: -> get}}
        - {{if: got == 'marked', then: -> marked}}
        - {{if: got == 'function', then: -> function}}
  post:
    - {{api: "POST http://127.0.0.1:{port}/quick", json: {{a: 1}}, into: {{other: n}}}}
    - api: POST http://127.0.0.1:{port}/slow
      into: {{got: n}}
      on_failure: [{{say: "Failed after {{other}}."}}, -> end]
    - say: Paid {{got}}.
  get:
    - {{api: "GET http://127.0.0.1:{port}/slow", into: {{got: n}}}}
    - say: Got {{got}}.
  marked:
    - {{api: "POST http://127.0.0.1:{port}/slow", idempotent: true, into: {{got: n}}}}
    - say: Put {{got}}.
  function:
    - function: pay
      into: {{got: out}}
      on_failure: [{{say: It failed.}}]
    - say: "{{got}}"
"""


class World:
    """Counts what arrives; what is slow takes its time the first time alone."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.arrived = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.seen[path] += 1
        if "slow" in path and self.seen[path] == 1:
            self.arrived.set()
            await asyncio.sleep(3)
        return JSONResponse({"n": self.seen[path]})


@asynccontextmanager
async def counting() -> AsyncIterator[tuple[World, int]]:
    world = World()
    app = Starlette(routes=[Route("/{rest:path}", world.answer, methods=["GET", "POST"])])
    async with served(app) as (_, port):
        yield world, port


class Process:
    """`parley serve` that can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *PARLEY, "serve", str(self._folder / "agent.yaml"), "--port", "0", "--data", str(self._folder / "data.db"),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"API_KEY": API_KEY},
        )  # fmt: skip
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if b"URL" in line:
                self.url = line.split()[-1].decode()
                return
        raise AssertionError("it did not start")

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


def _effects_left(data: Path) -> int:
    """A turn that is saved leaves nothing in the ledger; it is settled just after its answer."""
    deadline = time.monotonic() + 5
    while True:
        with closing(apsw.Connection(str(data), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            (count,) = next(connection.execute("SELECT count(*) FROM effect"))
        if not count or time.monotonic() > deadline:
            return int(count)
        time.sleep(0.02)


@asynccontextmanager
async def killed(folder: Path, say: str, restarts: int = 1) -> AsyncIterator[tuple[World, list[str]]]:
    """Say something to an agent, kill its server while it calls the world, start it again, and what is said then."""
    async with counting() as (world, port):
        (folder / "agent.yaml").write_text(AGENT.format(port=port))
        process = Process(folder)
        await process.start()
        try:
            async with httpx.AsyncClient(timeout=20) as client:
                session = await client.post(
                    f"{process.url}/v4/project/shop/environment/main/session",
                    json={"userID": "ada"},
                    headers={"authorization": API_KEY},
                )
                headers = {"authorization": session.json()["sessionKey"]}
                await client.post(f"{process.url}/v4/interact", json={"action": {"type": "launch"}}, headers=headers)
                body = {"action": {"type": "text", "payload": say}}
                keyed = headers | {"idempotency-key": "once"}
                sending = asyncio.create_task(client.post(f"{process.url}/v4/interact", json=body, headers=keyed))
                await asyncio.wait_for(world.arrived.wait(), 20)
                for _ in range(restarts):
                    await process.kill()
                    with suppress(httpx.HTTPError):
                        await sending
                    await process.start()
                    answer = await client.post(f"{process.url}/v4/interact", json=body, headers=keyed)
                assert restarts > 1 or _effects_left(folder / "data.db") == 0  # a kill may come before the settling
                traces = answer.json()["traces"]
                yield world, [trace["payload"]["message"] for trace in traces if trace["type"] in ("text", "debug")]
        finally:
            await process.stop()


async def test_what_was_done_is_not_done_again_and_what_is_unknown_is_told(tmp_path: Path) -> None:
    async with killed(tmp_path, "post") as (world, said):
        assert world.seen == {"/quick": 1, "/slow": 1}
        assert said[-1] == "Failed after 1."
        assert any("unknown outcome" in each for each in said)


async def test_what_only_reads_is_asked_again(tmp_path: Path) -> None:
    async with killed(tmp_path, "get") as (world, said):
        assert world.seen == {"/slow": 2}
        assert said[-1] == "Got 2."


async def test_what_is_marked_idempotent_is_sent_again(tmp_path: Path) -> None:
    async with killed(tmp_path, "marked") as (world, said):
        assert world.seen == {"/slow": 2}
        assert said[-1] == "Put 2."


async def test_a_function_gets_the_responses_that_it_had_and_learns_what_is_unknown(tmp_path: Path) -> None:
    async with killed(tmp_path, "function") as (world, said):
        assert world.seen == {"/fetched": 1, "/fetched_slowly": 1}
        assert said[-2:] == ["It failed.", "function"]
        assert any("unknown outcome" in each for each in said)


async def test_a_second_crash_changes_nothing(tmp_path: Path) -> None:
    async with killed(tmp_path, "post", restarts=2) as (world, said):
        assert world.seen == {"/quick": 1, "/slow": 1}
        assert said[-1] == "Failed after 1."
