"""The socket door over WebSocket and through the upgrade, spoken to byte by byte."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from socket_server import DIRECT, PLAIN, EchoApp, RawPeer, serving

from parley.transports.engineio.protocol import Timing
from parley.transports.engineio.settings import SocketSettings
from parley.transports.socketio.connection import SocketConnection
from parley.transports.socketio.door import SocketDoor
from parley.transports.socketio.packets import encode_event

PATH = "/v4/interact/socket/"


class House:
    def __init__(self, app: EchoApp, door: SocketDoor, port: int) -> None:
        self.app, self.door, self.port = app, door, port


def refuse_strangers(connection: SocketConnection) -> str | None:
    return "who are you?" if connection.auth.get("token") == "wrong" else None


@pytest.fixture(params=[DIRECT, PLAIN], ids=["direct", "plain ASGI"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    app = EchoApp()
    settings = SocketSettings(max_payload=100_000, namespaces=frozenset({"/", "/custom"}), upgrade_timeout=0.2)
    door = SocketDoor(app, settings, admit=refuse_strangers)
    async with serving(door, request.param) as port:
        yield House(app, door, port)


async def test_a_peer_joins_and_is_answered(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    assert json.loads((await peer.text())[1:])["upgrades"] == []
    peer.send('40{"token":"123"}')
    assert (await peer.text()).startswith('40{"sid":"')
    assert await peer.text() == '42["auth",{"token":"123"}]'
    peer.send('42["hi","é",{"a":[1]}]')
    assert await peer.text() == '42["hi-back","é",{"a":[1]}]'
    assert house.app.connections[0].transport == "websocket"
    assert house.app.connections[0].handshake.address == "127.0.0.1"


async def test_events_of_one_read_are_answered_in_order(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    for number in range(100):
        peer.send(f'42["hi",{number}]')
    assert [await peer.text() for _ in range(100)] == [f'42["hi-back",{number}]' for number in range(100)]


async def test_a_frame_may_come_byte_by_byte(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    for byte in b"\x81\x88\0\0\0\0" + b'42["hi"]':
        peer.send_raw(bytes((byte,)))
        await peer.writer.drain()
        await asyncio.sleep(0)
    assert await peer.text() == '42["hi-back"]'


async def test_acks_go_both_ways(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send('4212["add",1,2]')
    assert await peer.text() == "4312[1,2]"
    peer.send('42["ask-me","now"]')
    assert await peer.text() == '420["question","now"]'
    peer.send('430["fine"]')
    assert await peer.text() == '42["answered","fine"]'
    peer.send('430["twice"]')
    peer.send('42["hi"]')
    assert await peer.text() == '42["hi-back"]'


async def test_attachments_come_back_as_binary_frames(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send('451-["hi",{"_placeholder":true,"num":0}]')
    peer.send(b"\1\2\3")
    assert await peer.text() == '451-["hi-back",{"_placeholder":true,"num":0}]'
    assert await peer.frame() == (2, b"\1\2\3")


async def test_an_unknown_namespace_is_refused_and_the_peer_stays(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.text()
    peer.send("40/random")
    assert await peer.text() == '44/random,{"message":"Invalid namespace"}'
    peer.send("40/custom,")
    assert (await peer.text()).startswith('40/custom,{"sid"')
    assert await peer.text() == '42/custom,["auth",{}]'


async def test_a_stranger_is_refused_with_the_reason(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.text()
    peer.send('40{"token":"wrong"}')
    assert await peer.text() == '44{"message":"who are you?"}'
    assert house.app.connections == []


async def test_what_is_encoded_once_goes_to_many(house: House) -> None:
    peers = [await RawPeer.connect(house.port) for _ in range(3)]
    for peer in peers:
        await peer.join()
    packet = encode_event("action.trace", {"trace": {"type": "text"}})
    for connection in house.app.connections:
        connection.emit_encoded(packet)
    for peer in peers:
        assert await peer.text() == '42["action.trace",{"trace":{"type":"text"}}]'


async def test_a_peer_that_is_thrown_out_is_told_first(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send('42["throw-me-out"]')
    assert await peer.text() == "41"
    assert (await peer.closed())[0] == 1000
    assert house.app.reasons == ["server namespace disconnect"]


async def test_a_peer_that_goes_is_noticed(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.close()
    await house.app.until(lambda: house.app.reasons)
    assert house.app.reasons == ["transport close"]
    assert len(house.door.roster) == 0


async def test_a_peer_that_leaves_the_namespace_may_come_back(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send("41")
    peer.send("40")
    assert (await peer.text()).startswith("40")
    assert house.app.reasons == ["client namespace disconnect"]


@pytest.mark.parametrize(
    "packet",
    [
        "4abc", "42{}", '42abc["x"]', "abc", "", "2", b"\x00garbage", '42["' + "x" * 1_000 + '"]', "42" + "[" * 40_000,
        '459999-["x"]', "44{}", '42/other,["x"]', "0{}",
    ],
)  # fmt: skip
async def test_a_broken_packet_closes_with_a_code(house: House, packet: str | bytes) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send(packet)
    assert await peer.closed() == (4002, "parse error")
    assert house.app.reasons == ["parse error"]


async def test_an_oversized_packet_closes_with_1009(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send('42["hi","' + "x" * 100_001 + '"]')
    assert (await peer.closed())[0] == 1009
    await house.app.until(lambda: house.app.reasons)


async def test_an_event_name_of_a_million_characters_is_refused() -> None:
    app = EchoApp()
    async with serving(SocketDoor(app, SocketSettings(max_payload=2_000_000))) as port:
        peer = await RawPeer.connect(port)
        await peer.join()
        peer.send('42["' + "x" * 1_000_000 + '"]')
        assert await peer.closed() == (4002, "parse error")


async def test_text_that_is_not_utf8_closes_with_1007(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send(b'42["\xff"]', opcode=1)
    assert (await peer.closed())[0] == 1007


async def test_an_application_that_fails_loses_that_peer_only(house: House) -> None:
    peer, other = await RawPeer.connect(house.port), await RawPeer.connect(house.port)
    await peer.join()
    await other.join()
    peer.send('42["fail"]')
    assert (await peer.closed())[0] == 1011
    other.send('42["hi"]')
    assert await other.text() == '42["hi-back"]'


async def test_websocket_pings_are_answered(house: House) -> None:
    peer = await RawPeer.connect(house.port)
    await peer.join()
    peer.send(b"are you there", opcode=9)
    assert await peer.frame() == (10, b"are you there")


async def test_a_reader_that_never_drains_is_cut_and_costs_no_memory(house: House) -> None:
    slow = await RawPeer.connect(house.port, small=True)
    await slow.join()
    connection = house.app.connections[0]
    packet = encode_event("flood", "x" * 10_000)
    tracemalloc.start()
    try:
        for _ in range(20_000):
            connection.emit_encoded(packet)
            await asyncio.sleep(0)
            if not connection.is_open:
                break
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert house.app.reasons == ["slow consumer"]
    assert peak < 3 * SocketSettings().buffer_bytes
    assert connection.buffered_bytes == 0
    assert await slow.closed() == (4008, "slow consumer: reconnect and resume")


async def test_a_burst_within_the_bounds_reaches_a_slow_reader_whole(house: House) -> None:
    slow = await RawPeer.connect(house.port, small=True)
    await slow.join()
    for number in range(300):
        house.app.connections[0].emit("part", number, "x" * 10_000)
    for number in range(300):
        assert (await slow.text()).startswith(f'42["part",{number},')


class Http:
    """The polling half of a peer that upgrades."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.session = session
        self.url = f"http://127.0.0.1:{port}{PATH}?EIO=4&transport=polling"
        self.sid = ""

    async def get(self) -> tuple[int, str]:
        async with self.session.get(self.url + self.sid) as answer:
            return answer.status, await answer.text()

    async def post(self, body: str) -> int:
        async with self.session.post(self.url + self.sid, data=body) as answer:
            return answer.status

    async def join(self) -> str:
        sid: str = json.loads((await self.get())[1][1:])["sid"]
        self.sid = f"&sid={sid}"
        await self.post("40")
        assert (await self.get())[1].startswith("40")
        return sid


@pytest.fixture
async def http(house: House) -> AsyncIterator[Http]:
    async with aiohttp.ClientSession() as session:
        yield Http(session, house.port)


async def test_an_upgrade_releases_the_poll_and_loses_nothing(house: House, http: Http) -> None:
    sid = await http.join()
    carrier: Any = house.door.roster.find(sid).carrier  # type: ignore[union-attr]
    poll = asyncio.create_task(http.get())
    while not carrier.is_polling:
        await asyncio.sleep(0)
    peer = await RawPeer.connect(house.port, query=f"EIO=4&transport=websocket&sid={sid}")
    peer.send("2probe")
    assert await peer.text() == "3probe"
    assert (await poll)[0] == 200
    assert await http.get() == (200, "6")
    house.app.connections[0].emit("meanwhile", 1)
    peer.send("5")
    assert await peer.text() == '42["meanwhile",1]'
    peer.send('42["hi"]')
    assert await peer.text() == '42["hi-back"]'
    assert (await http.get())[0] == 400
    assert house.app.reasons == []


async def test_a_second_websocket_of_an_upgraded_peer_is_closed(house: House, http: Http) -> None:
    sid = await http.join()
    query = f"EIO=4&transport=websocket&sid={sid}"
    peer = await RawPeer.connect(house.port, query=query)
    peer.send("2probe")
    assert await peer.text() == "3probe"
    peer.send("5")
    peer.send('42["hi"]')
    assert (await peer.text()).startswith("42")
    second = await RawPeer.connect(house.port, query=query)
    assert (await second.closed())[0] == 1002
    peer.send('42["hi"]')
    assert await peer.text() == '42["hi-back"]'


@pytest.mark.parametrize("packet", ["4hello", "5", "2", b"x"])
async def test_a_broken_probe_closes_the_new_transport_only(house: House, http: Http, packet: str | bytes) -> None:
    sid = await http.join()
    peer = await RawPeer.connect(house.port, query=f"EIO=4&transport=websocket&sid={sid}")
    peer.send(packet)
    assert (await peer.closed())[0] == 1002
    assert await http.post('42["hi"]') == 200
    assert house.app.reasons == []


async def test_a_probe_that_is_not_completed_is_given_up(house: House, http: Http) -> None:
    sid = await http.join()
    peer = await RawPeer.connect(house.port, query=f"EIO=4&transport=websocket&sid={sid}")
    peer.send("2probe")
    assert await peer.text() == "3probe"
    assert (await peer.closed())[0] == 1002
    assert await http.post('42["hi"]') == 200


async def test_a_websocket_for_an_unknown_session_is_refused(house: House) -> None:
    peer = await RawPeer.connect(house.port, query="EIO=4&transport=websocket&sid=unknown")
    assert peer.status == 400


@pytest.mark.parametrize("query", ["transport=websocket", "EIO=4&transport=polling", "EIO=4&transport=webtransport"])
async def test_a_websocket_that_asks_for_something_else_is_refused(house: House, query: str) -> None:
    assert (await RawPeer.connect(house.port, query=query)).status == 400


async def test_other_applications_on_the_same_port_are_left_alone() -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
            heard = await receive()
            await send({"type": "websocket.send", "text": heard["text"].upper()})
            await send({"type": "websocket.close", "code": 4321})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"other"})

    async with serving(SocketDoor(EchoApp(), otherwise=other)) as port, aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/health") as answer:
            assert await answer.text() == "other"
        async with session.ws_connect(f"http://127.0.0.1:{port}/media", protocols=["audio"]) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "HELLO"
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 4321


async def test_silent_peers_are_closed_by_one_sweep_of_a_clock_that_the_test_holds() -> None:
    now = [1000.0]
    app = EchoApp()
    door = SocketDoor(app, SocketSettings(timing=Timing(25, 20)), clock=lambda: now[0])
    async with serving(door) as port:
        silent, alive = await RawPeer.connect(port), await RawPeer.connect(port)
        await silent.join()
        await alive.join()
        for at in range(1001, 1026):
            now[0] = at + 0.6
            door.roster.sweep()
        assert await silent.text() == "2"
        assert await alive.text() == "2"
        alive.send("3")
        alive.send('42["hi"]')
        assert await alive.text() == '42["hi-back"]'
        for at in range(1026, 1046):
            now[0] = at + 0.6
            door.roster.sweep()
        assert await silent.closed() == (4001, "ping timeout")
        assert app.reasons == ["ping timeout"]


async def test_a_stall_of_the_server_is_not_taken_for_silence_of_its_peers() -> None:
    now = [0.0]
    app = EchoApp()
    door = SocketDoor(app, SocketSettings(timing=Timing(25, 20)), clock=lambda: now[0])
    async with serving(door) as port:
        peer = await RawPeer.connect(port)
        await peer.join()
        now[0] = 1.0
        door.roster.sweep()
        now[0] = 25.5
        door.roster.sweep()
        now[0] = 25.9
        door.roster.sweep()
        now[0] = 26.4
        door.roster.sweep()
        assert await peer.text() == "2"
        now[0] = 100.0
        door.roster.sweep()
        assert app.reasons == []
