"""The clients that people use, against a real server: Node's socket.io-client, python-socketio, a browser page."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped]
from playwright.async_api import async_playwright
from tests.cli.running import KEY, Server, serving

HERE = Path(__file__).parent
NODE = HERE.parent / "node"
MINIMAL = HERE.parents[1] / "examples" / "minimal.yaml"
HELLO = ["Hello! What's your name?", "Nice to meet you, Ada. Goodbye!"]
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(MINIMAL, HERE / "echo.yaml", API_KEY=KEY) as server:
        yield server


async def node(*arguments: str) -> Any:
    """What Node's client saw."""
    assert shutil.which("node"), "the tests need Node.js"
    assert (NODE / "node_modules").exists(), "run: npm --prefix tests/node ci"
    process = await asyncio.create_subprocess_exec("node", *arguments, cwd=NODE, stdout=-1, stderr=-1)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


@pytest.mark.node
async def test_the_documented_samples_run_as_written(server: Server) -> None:
    result = await node("seed_talk.mjs", server.url, "minimal", KEY)
    heard = result["heard"]
    names = [event for event, *_ in heard]
    assert names[:3] == ["client.started", "session.created", "action.status"] and names[-1] == "session.ended"
    assert set(names) == {"client.started", "session.created", "action.status", "action.trace", "session.ended"}
    statuses = [payload["status"] for event, payload in heard if event == "action.status"]
    assert statuses == ["accepted", "completed"] * 2
    said = [p["trace"]["payload"]["message"] for e, p in heard if e == "action.trace" and p["trace"]["type"] == "text"]
    assert said == ["Hello! What's your name?", "Nice to meet you, Hello, how are you?. Goodbye!"]
    assert result["transport"] == "websocket"


@pytest.mark.node
@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
async def test_node_talks_over_each_transport(server: Server, transport: str) -> None:
    result = await node("dialects.mjs", server.url, "minimal", f"talk {transport}")
    assert result == {"said": HELLO, "transport": "websocket" if transport == "upgrade" else transport}


@pytest.mark.node
@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
async def test_node_speaks_the_widgets_dialect_and_comes_back(server: Server, transport: str) -> None:
    result = await node("dialects.mjs", server.url, "minimal", f"widget {transport}")
    assert result["newSessionRequired"] is True and result["again"] is False
    assert result["cancel"] == {"success": False}
    assert result["replayed"][0] == "action" and set(result["replayed"][1:]) == {"trace"}
    assert result["said"] == HELLO


@pytest.mark.node
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_forced_disconnects_lose_and_repeat_nothing(server: Server, transport: str) -> None:
    result = await node("dialects.mjs", server.url, "echo", f"cuts {transport}")
    assert result["offsets"] == list(range(1, len(result["offsets"]) + 1))
    said = [text for text in result["said"] if text != "Well?"]
    # The first text opens the conversation, and is not an answer to anything yet.
    assert said == [f"You said: hello {n}" for n in range(1, 25)]


async def test_python_socketio_talks(server: Server) -> None:
    for transport in ("websocket", "polling"):
        client = socketio.AsyncClient()
        heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        client.on("*", functools.partial(_put, heard))
        await client.connect(server.url, socketio_path="/v4/interact/socket", transports=[transport])
        await client.emit("client.start", {"userID": f"py-{transport}", "projectID": "minimal"})
        assert await heard.get() == ("client.started", {"newSessionRequired": True})
        await client.emit("session.create", {})
        assert (await heard.get())[0] == "session.created"
        said: list[str] = []
        for action in ({"type": "launch", "payload": {}}, {"type": "text", "payload": "Ada"}):
            await client.emit("action.send", {"action": action})
            while True:
                event, payload = await asyncio.wait_for(heard.get(), 10)
                if event == "action.trace" and payload["trace"]["type"] == "text":
                    said.append(payload["trace"]["payload"]["message"])
                if event == "action.status" and payload["status"] == "completed":
                    break
        assert said == HELLO
        assert (await heard.get())[0] == "session.ended"
        await client.disconnect()


async def _put(heard: asyncio.Queue[tuple[str, Any]], event: str, *args: Any) -> None:
    heard.put_nowait((event, args[0] if args else None))


PAGE = """<!doctype html><script src="/socket.io.min.js"></script><script>
window.talk = (url, transports) => new Promise((resolve) => {
  const said = [];
  const socket = io(url, {path: '/v4/interact/socket', transports, withCredentials: true});
  socket.on('connect', () => socket.emit('client.start', {userID: 'page-' + transports, projectID: 'minimal'}));
  socket.on('client.started', () => socket.emit('session.create', {}));
  socket.on('session.created', () => socket.emit('action.send', {action: {type: 'launch', payload: {}}}));
  socket.on('action.trace', ({trace}) => trace.type === 'text' && said.push(trace.payload.message));
  let turns = 0;
  socket.on('action.status', ({status}) => {
    if (status === 'completed' && ++turns === 1) socket.emit('action.send', {action: {type: 'text', payload: 'Ada'}});
  });
  socket.on('session.ended', ({reason}) => resolve({said, reason, transport: socket.io.engine.transport.name}));
});
</script>"""


@pytest.mark.browser
async def test_a_page_of_another_origin_talks(server: Server, tmp_path: Path) -> None:
    shutil.copy(NODE / "node_modules/socket.io-client/dist/socket.io.min.js", tmp_path)
    (tmp_path / "index.html").write_text(PAGE)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{pages.server_address[1]}/index.html")
            for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
                result = await page.evaluate("([url, t]) => talk(url, t)", [server.url, transports])
                assert result["said"] == HELLO and result["reason"] == "end_of_diagram"
            await browser.close()
    finally:
        pages.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""
