"""Exactly one turn per client action: a repeated `Idempotency-Key` attaches to the turn of the first."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from house_fixture import API_KEY, Talk, events_of, open_house
from parley.backends.clock import StillClock
from slow_engine import SlowEngine

KEY = {"idempotency-key": "action-1"}
HI = {"type": "text", "payload": "hi"}


async def test_a_repeat_gets_the_same_answer_and_runs_nothing(talk: Talk) -> None:
    await talk.launch()
    first = await talk.send({"type": "text", "payload": "count"}, KEY, config={"state": True})
    again = await talk.send({"type": "text", "payload": "count"}, KEY, config={"state": True})
    assert again.content == first.content
    assert again.headers["x-turn-id"] == first.headers["x-turn-id"]
    assert again.json()["state"]["variables"]["n"] in ("1", 1)


async def test_stream_and_whole_answer_share_keys(talk: Talk) -> None:
    first = await talk.stream({"type": "launch"}, KEY)
    whole = await talk.send({"type": "launch"}, KEY)
    assert [e.data for e in events_of(first.content)[:-1]] == [
        __import__("msgspec").json.encode(t).decode() for t in whole.json()["traces"]
    ]


async def test_a_repeat_while_the_turn_runs_attaches_to_it() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    async with opened.client() as client:
        talk = await Talk.start(client)
        sending = [asyncio.create_task(talk.stream(HI, KEY)) for _ in range(5)]
        sending += [asyncio.create_task(talk.send(HI, KEY)) for _ in range(5)]
        await engine.has_begun(1)
        engine.let_go()
        answers = await asyncio.gather(*sending)
        assert engine.begun == 1
        assert len({answer.headers["x-turn-id"] for answer in answers}) == 1
        assert len({answer.content for answer in answers[:5]}) == len({answer.content for answer in answers[5:]}) == 1


async def test_the_repeat_of_what_ended_the_session_still_gets_its_answer(talk: Talk) -> None:
    await talk.launch()
    first = await talk.send({"type": "text", "payload": "bye"}, KEY)
    again = await talk.send({"type": "text", "payload": "bye"}, KEY)
    assert again.status_code == 200 and again.content == first.content
    assert (await talk.send(HI)).status_code == 401


async def test_it_is_remembered_by_the_store_too(talk: Talk) -> None:
    opened = await open_house()
    async with opened.client() as client:
        talk = await Talk.start(client)
        first = await talk.send({"type": "launch"}, KEY)
    restarted = await open_house(store=opened.store)
    async with restarted.client() as client:
        again = await Talk(client, talk.key).send({"type": "launch"}, KEY)
        assert again.content == first.content


async def test_keys_belong_to_one_session(client: httpx.AsyncClient) -> None:
    ada, bob = await Talk.start(client, "ada"), await Talk.start(client, "bob")
    first = await ada.send({"type": "launch"}, KEY)
    second = await bob.send({"type": "launch"}, KEY)
    assert first.headers["x-turn-id"] != second.headers["x-turn-id"]


async def test_a_key_is_free_again_after_a_day() -> None:
    clock = StillClock()
    opened = await open_house(clock=clock)
    async with opened.client() as client:
        path = "/state/user/ada/interact"
        headers = {"authorization": API_KEY, **KEY}
        first = await client.post(path, json={"action": {"type": "launch"}}, headers=headers)
        await clock.advance(24 * 3600 + 60)
        second = await client.post(path, json={"action": {"type": "launch"}}, headers=headers)
        assert second.status_code == 200
        assert first.headers["x-turn-id"] != second.headers["x-turn-id"]


@pytest.mark.parametrize("path", ["/state/user/ada/interact", "/v2/project/shop/user/ada/interact/stream"])
async def test_legacy_routes_take_the_key_too(client: httpx.AsyncClient, path: str) -> None:
    headers = {"authorization": API_KEY, **KEY}
    await client.post(path, json={"action": {"type": "launch"}}, headers={"authorization": API_KEY})
    bye = {"action": {"type": "text", "payload": "bye"}}
    first = await client.post(path, json=bye, headers=headers)
    again = await client.post(path, json=bye, headers=headers)
    assert again.content == first.content and "Goodbye." in again.text
    fresh = await client.post(path, json=bye, headers={"authorization": API_KEY})
    assert "Hello, you!" in fresh.text


async def test_a_refused_action_does_not_use_up_its_key(talk: Talk) -> None:
    refused = await talk.send({"type": "text"}, KEY)
    assert refused.status_code == 400
    assert (await talk.send({"type": "launch"}, KEY)).status_code == 200
