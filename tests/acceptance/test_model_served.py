"""A server process whose agent asks a provider: what is streamed, what fails, and who is told."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.model_server import HANG_SECONDS, ModelServer, model_server
from tests.model_streams import CHAT, SAID, chunk, data

KEY, SECRET = "VF.DM.served.key", "sk-not-to-be-seen"
AGENT = """
project: served
workflows:
  main:
    - prompt: "How are you?"
      not_found: [{say: Nobody answers.}]
    - buttons: {Again: }
"""


class Talking:
    """One session with the server."""

    def __init__(self, http: aiohttp.ClientSession, url: str, session: str) -> None:
        self._http, self._url, self._session = http, url, session

    async def launch(self, **more: Any) -> list[dict[str, Any]]:
        """The traces of one turn, as they are streamed."""
        body = {"action": {"type": "launch"}, "config": {"completionEvents": True}, **more}
        headers = {"authorization": self._session}
        async with self._http.post(f"{self._url}/v4/interact/stream", json=body, headers=headers) as response:
            assert response.status == 200
            text = await response.text()
        events = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]
        return [event for event in events if "payload" in event]


@asynccontextmanager
async def served(provider: ModelServer, folder: Path) -> AsyncIterator[tuple[Talking, list[str]]]:
    """A server, a session with it, and what it has written in the end."""
    (folder / "agent.yaml").write_text(AGENT)
    settings = {"PARLEY_MODEL": "openai:m", "PARLEY_MODEL_URL": provider.url, "PARLEY_MODEL_KEY": SECRET}
    command = ("-m", "parley", "serve", str(folder / "agent.yaml"), "--port", "0", "--data", str(folder / "data.db"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        env={**os.environ, **settings, "API_KEY": KEY, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    written: list[str] = []
    url = None
    try:
        while url is None:
            written.append((await process.stdout.readline()).decode())
            found = re.search(r"URL\s+(http://\S+)", written[-1])
            url = found[1] if found else None
        async with aiohttp.ClientSession() as http:
            project = f"{url}/v4/project/served/session"
            async with http.post(project, json={"userID": "ada"}, headers={"authorization": KEY}) as response:
                session = (await response.json())["sessionKey"]
            yield Talking(http, url, session), written
    finally:
        process.terminate()
        written.append((await process.stdout.read()).decode())
        await process.wait()


def told(traces: list[dict[str, Any]]) -> str:
    contents = [trace["payload"] for trace in traces if trace["type"] == "completion"]
    return "".join(payload["content"] for payload in contents if payload["state"] == "content")


@pytest.mark.timeout(60)
async def test_what_the_provider_streams_is_streamed_on(tmp_path: Path) -> None:
    async with model_server() as provider:
        provider.reply(CHAT["openai"].data)
        async with served(provider, tmp_path) as (talking, written):
            traces = await talking.launch()
    assert told(traces) == SAID
    assert provider.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in json.dumps(traces) + "".join(written)
    assert "Model     openai:m" in "".join(written)


@pytest.mark.timeout(60)
async def test_texts_that_come_together_are_one_trace_and_none_is_lost(tmp_path: Path) -> None:
    words = [f"word{n} " for n in range(500)]
    async with model_server() as provider:
        provider.reply(data(*(chunk({"content": word}) for word in words), chunk({}, "stop")))
        async with served(provider, tmp_path) as (talking, _):
            traces = await talking.launch()
    assert told(traces) == "".join(words)
    assert len([trace for trace in traces if trace["type"] == "completion"]) < 100


@pytest.mark.timeout(60)
async def test_a_provider_that_refuses_leaves_the_session_whole(tmp_path: Path) -> None:
    async with model_server() as provider:
        provider.fail(401, {"error": {"message": f"Incorrect API key provided: {SECRET}", "code": "invalid_api_key"}})
        provider.reply(CHAT["openai"].data)
        async with served(provider, tmp_path) as (talking, written):
            refused, well = await talking.launch(), await talking.launch()
    assert any("refuses the key (HTTP 401" in str(trace["payload"]) for trace in refused if trace["type"] == "debug")
    assert any(trace["type"] == "text" and trace["payload"]["message"] == "Nobody answers." for trace in refused)
    assert told(well) == SAID
    assert SECRET not in json.dumps(refused) + "".join(written)


@pytest.mark.timeout(HANG_SECONDS * 3)
async def test_an_interrupted_turn_closes_the_provider_s_stream(tmp_path: Path) -> None:
    async with model_server() as provider:
        provider.reply(data(chunk({"content": "Half an"}), ends=""), ends="never")
        provider.reply(CHAT["openai"].data)
        async with served(provider, tmp_path) as (talking, _):
            first = asyncio.create_task(talking.launch())
            while not provider.requests:
                await asyncio.sleep(0)
            second = await talking.launch(config={"completionEvents": True, "concurrency": "interrupt"})
            await provider.left.wait()
            await first
    assert told(second) == SAID
