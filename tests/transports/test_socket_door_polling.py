"""HTTP long-polling, CORS and limits of the socket door, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from socket_server import EchoApp, RawPeer, serving

from parley.transports.engineio.protocol import Timing
from parley.transports.engineio.settings import SocketSettings
from parley.transports.socketio.door import SocketDoor

PATH = "/v4/interact/socket/"


class Client:
    """One browser's worth of HTTP."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self.http = http
        self.url = f"http://127.0.0.1:{port}{PATH}"

    async def get(self, sid: str | None = None, headers: Any = None, **query: str) -> tuple[int, str]:
        query = {"EIO": "4", "transport": "polling", **query}
        if sid is not None:
            query["sid"] = sid
        async with self.http.get(self.url, params=query, headers=headers) as answer:
            return answer.status, await answer.text()

    async def post(self, sid: str | None, body: str | bytes) -> tuple[int, str]:
        query = {"EIO": "4", "transport": "polling"} | ({} if sid is None else {"sid": sid})
        async with self.http.post(self.url, params=query, data=body) as answer:
            return answer.status, await answer.text()

    async def open(self) -> str:
        status, body = await self.get()
        assert status == 200
        sid: str = json.loads(body[1:])["sid"]
        return sid

    async def join(self) -> str:
        sid = await self.open()
        assert await self.post(sid, "40") == (200, "ok")
        _, body = await self.get(sid)
        assert body.startswith("40")
        if "\x1e" not in body:
            assert (await self.get(sid))[1].startswith('42["auth"')
        return sid


class House:
    def __init__(self, door: SocketDoor, app: EchoApp, client: Client, port: int) -> None:
        self.door, self.app, self.client, self.port = door, app, client, port


async def _house(settings: SocketSettings) -> AsyncIterator[House]:
    app = EchoApp()
    door = SocketDoor(app, settings)
    async with serving(door) as port, aiohttp.ClientSession() as http:
        yield House(door, app, Client(http, port), port)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async for each in _house(SocketSettings(max_payload=100_000)):
        yield each


@pytest.fixture
async def strict_house() -> AsyncIterator[House]:
    settings = SocketSettings(
        origins=frozenset({"https://shop.example"}), max_connections=4, max_connections_per_address=3
    )
    async for each in _house(settings):
        yield each


@pytest.fixture
async def brisk_house() -> AsyncIterator[House]:
    async for each in _house(SocketSettings(timing=Timing(0.1, 0.1), connect_timeout=0.05)):
        yield each


async def test_events_go_both_ways_over_polling(house: House) -> None:
    sid = await house.client.join()
    assert await house.client.post(sid, '42["hi",1]\x1e42["hi",2]') == (200, "ok")
    assert await house.client.get(sid) == (200, '42["hi-back",1]\x1e42["hi-back",2]')


async def test_a_poll_waits_for_an_event(house: House) -> None:
    sid = await house.client.join()
    poll = asyncio.create_task(house.client.get(sid))
    await house.client.post(sid, '42["hi"]')
    assert await poll == (200, '42["hi-back"]')


async def test_attachments_travel_as_base64_over_polling(house: House) -> None:
    sid = await house.client.join()
    await house.client.post(sid, '451-["hi",{"_placeholder":true,"num":0}]\x1ebAQIDBA==')
    assert (await house.client.get(sid))[1] == '451-["hi-back",{"_placeholder":true,"num":0}]\x1ebAQIDBA=='


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"transport": "webtransport"}, 0),
        ({"transport": "nonsense"}, 0),
        ({"transport": "websocket"}, 3),
        ({"EIO": "3"}, 5),
        ({"EIO": ""}, 5),
        ({"sid": "unknown"}, 1),
    ],
)
async def test_a_bad_request_gets_400_and_says_why(house: House, query: dict[str, str], code: int) -> None:
    status, body = await house.client.get(**query)
    assert (status, json.loads(body)["code"]) == (400, code)


async def test_a_session_does_not_begin_with_a_post(house: House) -> None:
    status, body = await house.client.post(None, "40")
    assert (status, json.loads(body)["code"]) == (400, 2)


async def test_the_path_is_served_with_and_without_the_slash_and_no_other(house: House) -> None:
    house.client.url = house.client.url.rstrip("/")
    assert (await house.client.get())[0] == 200
    house.client.url += "/more"
    assert (await house.client.get())[0] == 404


@pytest.mark.parametrize("body", ["abc", "\xff", b"\xff\xfe\x00", "b!!!", "4abc", '42["hi"', "42" + "[" * 50_000])
async def test_a_broken_payload_closes_the_session(house: House, body: str | bytes) -> None:
    sid = await house.client.join()
    await house.client.post(sid, body)
    assert (await house.client.get(sid))[0] == 400
    assert house.app.reasons == ["parse error"]


async def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    sid = await house.client.join()
    assert (await house.client.post(sid, "4" * 100_001))[0] == 413
    assert (await house.client.get(sid))[0] == 400
    assert house.app.reasons == ["payload too large"]


async def test_a_second_poll_at_once_closes_the_session(house: House) -> None:
    sid = await house.client.join()
    first = asyncio.create_task(house.client.get(sid))
    carrier: Any = house.door.roster.find(sid).carrier  # type: ignore[union-attr]
    while not carrier.is_polling:
        await asyncio.sleep(0)
    assert (await house.client.get(sid, t="second"))[0] == 400
    assert await first == (200, "1")
    assert house.app.reasons == ["transport error"]


async def test_a_peer_that_closes_is_released_from_its_poll(house: House) -> None:
    sid = await house.client.join()
    carrier: Any = house.door.roster.find(sid).carrier  # type: ignore[union-attr]
    poll = asyncio.create_task(house.client.get(sid))
    while not carrier.is_polling:
        await asyncio.sleep(0)
    await house.client.post(sid, "1")
    assert await poll == (200, "6")
    assert house.app.reasons == ["transport close"]


async def test_a_peer_whose_poll_breaks_is_gone(house: House) -> None:
    sid = await house.client.join()
    carrier: Any = house.door.roster.find(sid).carrier  # type: ignore[union-attr]
    poll = asyncio.create_task(house.client.get(sid))
    while not carrier.is_polling:
        await asyncio.sleep(0)
    poll.cancel()
    await house.app.until(lambda: house.app.reasons)
    assert house.app.reasons == ["transport close"]


async def test_a_polling_peer_that_is_thrown_out_is_told_so_by_its_next_poll(house: House) -> None:
    sid = await house.client.join()
    await house.client.post(sid, '42["throw-me-out"]')
    assert await house.client.get(sid) == (200, "41")
    assert await house.client.get(sid) == (200, "1")
    assert (await house.client.get(sid))[0] == 400
    assert house.app.reasons == ["server namespace disconnect"]


async def test_a_peer_that_stops_answering_the_heartbeat_is_gone(brisk_house: House) -> None:
    sid = await brisk_house.client.join()
    assert await brisk_house.client.get(sid) == (200, "2")
    await brisk_house.app.until(lambda: brisk_house.app.reasons)
    assert brisk_house.app.reasons == ["ping timeout"]
    assert len(brisk_house.door.roster) == 0


async def test_a_peer_that_answers_the_heartbeat_stays(brisk_house: House) -> None:
    sid = await brisk_house.client.join()
    for _ in range(4):
        assert await brisk_house.client.get(sid) == (200, "2")
        assert await brisk_house.client.post(sid, "3") == (200, "ok")
    assert brisk_house.app.reasons == []


async def test_a_peer_that_never_joins_is_closed(brisk_house: House) -> None:
    sid = await brisk_house.client.open()
    assert await brisk_house.client.get(sid) == (200, "1")


async def test_any_origin_is_echoed_with_credentials_and_never_a_star(house: House) -> None:
    origin = {"Origin": "https://anywhere.example"}
    query = {"EIO": "4", "transport": "polling"}
    async with house.client.http.get(house.client.url, params=query, headers=origin) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "https://anywhere.example"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Vary"] == "Origin"


async def test_a_refusal_carries_the_cors_headers_too(house: House) -> None:
    origin = {"Origin": "https://anywhere.example"}
    async with house.client.http.get(house.client.url, headers=origin) as answer:
        assert answer.status == 400
        assert answer.headers["Access-Control-Allow-Origin"] == "https://anywhere.example"


async def test_a_preflight_is_answered(house: House) -> None:
    asks = {
        "Origin": "https://anywhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-thing",
    }
    async with house.client.http.options(house.client.url, headers=asks) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "https://anywhere.example"
        assert answer.headers["Access-Control-Allow-Headers"] == "content-type,x-thing"
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]


async def test_only_listed_origins_come_in_when_there_is_a_list(strict_house: House) -> None:
    client = strict_house.client
    assert (await client.get(headers={"Origin": "https://evil.example"}))[0] == 403
    assert (await client.get(headers={"Origin": "https://shop.example"}))[0] == 200
    assert (await client.get(headers={"Origin": f"http://127.0.0.1:{strict_house.port}"}))[0] == 200
    assert (await client.get())[0] == 200


async def test_a_foreign_page_opens_no_websocket_either(strict_house: House) -> None:
    async with strict_house.client.http.ws_connect(
        strict_house.client.url + "?EIO=4&transport=websocket", headers={"Origin": "https://shop.example"}
    ) as socket:
        assert (await socket.receive_str())[:1] == "0"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await strict_house.client.http.ws_connect(
            strict_house.client.url + "?EIO=4&transport=websocket", headers={"Origin": "https://evil.example"}
        )
    assert refused.value.status == 403


async def test_one_address_may_hold_only_so_many_connections(strict_house: House) -> None:
    answers = [await strict_house.client.get() for _ in range(5)]
    assert [status for status, _ in answers] == [200, 200, 200, 429, 429]
    sid = json.loads(answers[0][1][1:])["sid"]
    await strict_house.client.post(sid, "1")
    assert (await strict_house.client.get())[0] == 200


async def test_a_thousand_connects_from_one_address_leave_no_more_than_the_limit(strict_house: House) -> None:
    peers = [await RawPeer.connect(strict_house.port) for _ in range(1000)]
    statuses = [peer.status for peer in peers]
    assert statuses == [101] * 3 + [429] * 997
    assert len(strict_house.door.roster) == 3
    for peer in peers:
        peer.close()


async def test_a_door_that_is_shut_answers_its_polls_and_admits_nobody(house: House) -> None:
    sid = await house.client.join()
    poll = asyncio.create_task(house.client.get(sid))
    carrier: Any = house.door.roster.find(sid).carrier  # type: ignore[union-attr]
    while not carrier.is_polling:
        await asyncio.sleep(0)
    house.door.shut()
    assert await poll == (200, "1")
    assert (await house.client.get())[0] == 503
    assert house.app.reasons == ["server shutting down"]
