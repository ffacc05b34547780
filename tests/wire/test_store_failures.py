"""A store that cannot save: the client is told before anything looks done, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from failing_store import FailingStore
from house_fixture import API_KEY, Opened, Talk, events_of, open_house
from parley.backends.clock import SystemClock
from slow_engine import SlowEngine


@pytest.fixture
def store() -> FailingStore:
    return FailingStore(clock=SystemClock())


@pytest.fixture
async def opened(store: FailingStore) -> Opened:
    return await open_house(store=store)


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened.client() as client:
        yield client


def check_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    body = answer.json()
    assert (body["statusCode"], body["error"], body["code"]) == (503, "Service Unavailable", "store_unavailable")


@pytest.mark.parametrize("fails", [{"accept"}, {"accept", "commit"}])
async def test_an_action_that_cannot_be_recorded_is_503_and_did_not_happen(
    store: FailingStore, talk: Talk, fails: set[str]
) -> None:
    await talk.launch()
    for send in (talk.send, talk.stream):
        store.fails = fails
        check_unavailable(await send({"type": "text", "payload": "count"}))
        store.fails = set()
        answer = await talk.send({"type": "text", "payload": "hi"}, config={"state": True})
        assert answer.json()["state"]["variables"]["n"] == ""
        assert answer.json()["state"]["variables"]["heard"] == "hi"


async def test_a_turn_that_cannot_be_saved_is_run_again_and_not_lost(store: FailingStore, talk: Talk) -> None:
    await talk.launch()
    store.fails = {"commit"}
    key = {"idempotency-key": "k"}
    check_unavailable(await talk.send({"type": "text", "payload": "count"}, key))
    store.fails = set()
    answer = await talk.send({"type": "text", "payload": "count"}, key, config={"state": True})
    assert [t["payload"]["message"] for t in answer.json()["traces"] if t["type"] == "text"] == ["one", "two", "three"]
    after = await talk.send({"type": "text", "payload": "hi"}, config={"state": True})
    assert str(after.json()["state"]["variables"]["n"]) == "1"


async def test_a_stream_that_fails_after_200_ends_with_an_error_event(store: FailingStore, talk: Talk) -> None:
    await talk.launch()
    store.fails = {"commit"}
    answer = await talk.stream({"type": "text", "payload": "hi"})
    assert answer.status_code == 200
    *traces, error = events_of(answer.content)
    assert [e.event for e in traces] == ["trace"] * len(traces)
    assert (error.event, error.id) == ("error", str(len(traces) + 1))
    assert json.loads(error.data) == {
        "code": "store_unavailable",
        "message": "The disk is full.",
        "retryable": True,
    }
    store.fails = set()
    turn = answer.headers["x-turn-id"]
    rest = await talk.client.get(f"/v4/interact/stream/{turn}", headers={"authorization": talk.key})
    assert [e.event for e in events_of(rest.content)][-1] == "end"


async def test_what_waits_behind_a_failed_turn_is_told_and_kept() -> None:
    engine, store = SlowEngine(), FailingStore(clock=SystemClock())
    opened = await open_house(store=store, engine=engine)
    async with opened.client() as client:
        talk = await Talk.start(client)
        tasks = []
        for name in "ab":
            tasks.append(asyncio.create_task(talk.send({"type": "x", "payload": name}, {"idempotency-key": name})))
            await asyncio.sleep(0.01)
        store.fails = {"commit"}
        engine.let_go()
        for answer in await asyncio.gather(*tasks):
            check_unavailable(answer)
        store.fails = set()
        engine.let_go(3)
        answer = await talk.send({"type": "x", "payload": "c"}, config={"state": True})
        assert answer.json()["state"]["variables"]["order"] == "abc"
        again = await talk.send({"type": "x", "payload": "a"}, {"idempotency-key": "a"})
        assert [t["type"] for t in again.json()["traces"]] == ["heard", "done"]
        assert engine.begun == 4


async def test_sessions_cannot_be_started_or_read(store: FailingStore, client: httpx.AsyncClient) -> None:
    store.fails = {"create"}
    answer = await client.post("/v4/project/shop/session", json={"userID": "u"}, headers={"authorization": API_KEY})
    check_unavailable(answer)
    store.fails = set()
    assert (await Talk.start(client, "u")).key


async def test_the_server_is_alive_but_not_ready(store: FailingStore, client: httpx.AsyncClient) -> None:
    assert (await client.get("/ready")).json() == {"status": "ready"}
    store.fails = {"commit"}
    answer = await client.get("/ready")
    check_unavailable(answer)
    assert answer.json()["message"] == "The disk is full."
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_a_state_that_cannot_be_saved_is_not_changed(store: FailingStore, client: httpx.AsyncClient) -> None:
    path, headers = "/state/user/ada/variables", {"authorization": API_KEY}
    assert (await client.patch(path, json={"name": "Ada"}, headers=headers)).status_code == 200
    store.fails = {"commit"}
    check_unavailable(await client.patch(path, json={"name": "Bob"}, headers=headers))
    store.fails = set()
    answer = await client.patch(path, json={"other": 1}, headers=headers)
    assert answer.json()["variables"]["name"] == "Ada"
