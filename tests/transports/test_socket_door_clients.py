"""The clients that people use against the socket door: Node's socket.io-client and python-socketio."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped]
from socket_server import DIRECT, PLAIN, EchoApp, serving

from parley.transports.engineio.protocol import Timing
from parley.transports.engineio.settings import SocketSettings
from parley.transports.socketio.door import SocketDoor

NODE_CLIENTS = Path(__file__).parents[1] / "node"


class House:
    def __init__(self, app: EchoApp, port: int) -> None:
        self.app, self.port = app, port


@pytest.fixture(params=[DIRECT, PLAIN], ids=["direct", "plain ASGI"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    app = EchoApp()
    async with serving(SocketDoor(app), request.param) as port:
        yield House(app, port)


async def node(port: int, scenario: str) -> Any:
    """What Node's client saw."""
    assert shutil.which("node"), "the tests need Node.js"
    assert (NODE_CLIENTS / "node_modules").exists(), "run: npm --prefix tests/node ci"
    process = await asyncio.create_subprocess_exec(
        "node", "clients.mjs", str(port), scenario, cwd=NODE_CLIENTS, stdout=-1, stderr=-1
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def saw_everything(result: Any, transport: str) -> bool:
    return bool(
        result
        == {
            "transport": transport,
            "back": [1, {"two": [True, None, "drei ✓"]}],
            "answer": 1,
            "answered": ["really!"],
            "bytes": [1, 2, 3],
            "auth": {"token": "123"},
        }
    )


@pytest.mark.node
@pytest.mark.parametrize(
    ("scenario", "transport"),
    [
        ("websocket", "websocket"),
        ("polling", "polling"),
        ("upgrade", "websocket"),
        ("documented", "websocket"),
        ("webtransport first", "polling"),
    ],
)
async def test_node_talks_over_any_transport(house: House, scenario: str, transport: str) -> None:
    result = await node(house.port, scenario)
    assert saw_everything(result, transport), result


@pytest.mark.node
async def test_node_falls_back_to_polling_where_websockets_do_not_get_through() -> None:
    async with serving(SocketDoor(EchoApp()), "none") as port:
        result = await node(port, "documented")
        assert saw_everything(result, "polling"), result


@pytest.mark.node
async def test_node_is_thrown_out_and_stays_out(house: House) -> None:
    assert await node(house.port, "thrown out") == {"reason": "io server disconnect", "active": False}


@pytest.mark.node
async def test_node_is_thrown_out_while_polling(house: House) -> None:
    assert await node(house.port, "thrown out while polling") == {"reason": "io server disconnect"}


@pytest.mark.node
async def test_node_comes_back_by_itself_after_a_cut(house: House) -> None:
    result = await node(house.port, "dropped and back")
    assert result["reason"] == "transport close"
    assert result["isNew"]
    assert len(house.app.connections) == 2


@pytest.mark.node
async def test_node_is_told_that_a_namespace_is_not_served(house: House) -> None:
    assert await node(house.port, "refused") == {"message": "Invalid namespace"}


@pytest.mark.node
async def test_node_sessions_on_different_transports_live_side_by_side(house: House) -> None:
    assert await node(house.port, "two at once") == {"backs": [[0], [1]]}


@pytest.mark.node
async def test_node_is_kept_by_its_heartbeat() -> None:
    door = SocketDoor(EchoApp(), SocketSettings(timing=Timing(0.1, 0.3)))
    async with serving(door) as port:
        assert await node(port, "heartbeat") == {"connected": True}


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
async def test_python_talks_over_any_transport(house: House, transports: list[str]) -> None:
    client = socketio.AsyncClient(reconnection=False)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    client.on("hi-back", lambda *args: heard.put_nowait(args))
    client.on("answered", lambda *args: heard.put_nowait(args))
    client.on("question", lambda word: word + "!")
    await client.connect(
        f"http://127.0.0.1:{house.port}", socketio_path="/v4/interact/socket", transports=transports, auth={"token": 1}
    )
    assert client.transport() == transports[-1]
    assert house.app.connections[0].auth == {"token": 1}
    await client.emit("hi", ({"a": 1}, b"\1\2"))
    assert await heard.get() == ({"a": 1}, b"\1\2")
    assert await client.call("add", (3, 4)) == (3, 4)
    await client.emit("ask-me", "really")
    assert await heard.get() == ("really!",)
    await client.disconnect()
    await house.app.until(lambda: house.app.reasons)
    assert house.app.reasons[0] in ("client namespace disconnect", "transport close")


async def test_python_is_thrown_out(house: House) -> None:
    client = socketio.AsyncClient(reconnection=False)
    gone = asyncio.Event()
    client.on("disconnect", lambda reason: gone.set())
    await client.connect(
        f"http://127.0.0.1:{house.port}", socketio_path="/v4/interact/socket", transports=["websocket"]
    )
    await client.emit("throw-me-out")
    await gone.wait()
    assert not client.connected
    await client.disconnect()
