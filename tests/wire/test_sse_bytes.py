"""The stream, byte for byte, as it crosses a real socket (Conversations API 1.4)."""

from __future__ import annotations

import asyncio
import json
import re

from house_fixture import Opened, Talk, events_of, exchange, open_house, raw_request, served, split_response
from parley.backends.clock import StillClock
from parley.domain.traces import CustomTrace
from parley.engine.turn import Turn

FRAMES = re.compile(rb"\n(?:event: trace\nid: \d+\ndata: [^\n]+\n\n)+event: end\nid: \d+\ndata: \{\}\n\n")


async def test_every_byte_of_a_stream(opened: Opened, talk: Talk) -> None:
    body = json.dumps({"action": {"type": "launch"}}).encode()
    async with served(opened.app) as address:
        response = await exchange(
            address, raw_request("POST", "/v4/interact/stream", {"Authorization": talk.key}, body)
        )
    status, headers, streamed = split_response(response)
    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-session-id"] and headers["x-turn-id"]
    assert FRAMES.fullmatch(streamed), streamed
    events = events_of(streamed)
    assert [event.id for event in events] == [str(i + 1) for i in range(len(events))]
    for event in events[:-1]:
        assert json.loads(event.data)["type"]


async def test_control_characters_and_line_breaks_stay_inside_one_data_line(talk: Talk) -> None:
    await talk.launch()
    nasty = 'a\nb\r\nc\u0000\u0001\u2028\u2029\u0085é😀\\"end\n\ndata: {}\n\n'
    answer = await talk.stream({"type": "text", "payload": nasty})
    assert FRAMES.fullmatch(answer.content)
    said = [json.loads(event.data) for event in events_of(answer.content)[:-1]]
    assert [t["payload"]["message"] for t in said if t["type"] == "text"] == [f"You said: {nasty}"]


async def test_traces_are_sent_as_they_are_made() -> None:
    release = asyncio.Event()

    async def slow(turn: Turn) -> None:
        turn.emit(CustomTrace("first", 1))
        await release.wait()
        turn.emit(CustomTrace("second", 2))

    opened = await open_house(engine=slow)
    async with opened.client() as client, served(opened.app) as address:
        talk = await Talk.start(client)
        body = json.dumps({"action": {"type": "launch"}}).encode()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(raw_request("POST", "/v4/interact/stream", {"Authorization": talk.key}, body))
        seen = await asyncio.wait_for(reader.readuntil(b'"turnID"'), 5)
        assert b'"type":"first"' in seen and b"second" not in seen
        release.set()
        assert b'"type":"second"' in await asyncio.wait_for(reader.readuntil(b"data: {}\n\n"), 5)
        writer.close()


async def test_quiet_streams_are_kept_alive_with_comments() -> None:
    release = asyncio.Event()

    async def slow(turn: Turn) -> None:
        await release.wait()

    clock = StillClock()
    opened = await open_house(engine=slow, clock=clock)
    async with opened.client() as client, served(opened.app) as address:
        talk = await Talk.start(client)
        body = json.dumps({"action": {"type": "launch"}}).encode()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(raw_request("POST", "/v4/interact/stream", {"Authorization": talk.key}, body))
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        while not clock.sleepers:
            await asyncio.sleep(0.001)
        await clock.advance(14)
        await clock.advance(6)
        assert b"\n: keep-alive\n\n" in await asyncio.wait_for(reader.readuntil(b"alive\n\n"), 5)
        await clock.advance(20)
        assert await asyncio.wait_for(reader.readuntil(b"alive\n\n"), 5)
        release.set()
        assert await asyncio.wait_for(reader.readuntil(b"event: end\nid: 1\ndata: {}\n\n"), 5)
        writer.close()


async def test_quick_streams_hold_no_comment(talk: Talk) -> None:
    assert (await talk.stream({"type": "launch"})).content[1:2] != b":"
