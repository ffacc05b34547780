"""How sessions end, begin again, and outlive their process."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from house_fixture import API_KEY, Talk, messages, open_house, project
from parley.backends.clock import StillClock
from parley.domain.program import Settings
from slow_engine import SlowEngine

ENDED = "This session has ended ({}). Start a new session to continue."


async def end_of(talk: Talk) -> str:
    answer = await talk.send({"type": "launch"})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    return str(answer.json()["message"])


async def test_ended_by_the_flow(talk: Talk) -> None:
    await talk.launch()
    answer = await talk.send({"type": "text", "payload": "bye"})
    assert [t["type"] for t in answer.json()["traces"]][-1] == "end"
    assert messages(answer.json()["traces"]) == ["Goodbye."]
    assert await end_of(talk) == ENDED.format("end_of_diagram")


async def test_ended_by_the_client(talk: Talk) -> None:
    await talk.launch()
    answer = await talk.send({"type": "end", "payload": {"reason": "closed"}})
    assert answer.status_code == 200
    assert await end_of(talk) == ENDED.format("ended_by_client")


async def test_replaced_by_a_new_one(client: httpx.AsyncClient, talk: Talk) -> None:
    await Talk.start(client)
    assert await end_of(talk) == ENDED.format("replaced")


async def test_replaced_by_the_other_route(client: httpx.AsyncClient, talk: Talk) -> None:
    await client.post("/v4/project/shop/session", json={"userID": "ada"}, headers={"authorization": API_KEY})
    assert await end_of(talk) == ENDED.format("replaced")


async def test_ended_after_fifteen_quiet_minutes() -> None:
    clock = StillClock()
    opened = await open_house(clock=clock)
    async with opened.client() as client:
        talk = await Talk.start(client)
        await talk.launch()
        await clock.advance(14 * 60)
        assert await talk.say("hi") == ["You said: hi"]
        await clock.advance(14 * 60)
        assert await talk.say("still here") == ["You said: still here"]
        await clock.advance(15 * 60)
        assert await end_of(talk) == ENDED.format("inactivity_timeout")


async def test_the_sweep_ends_sessions_that_nobody_asks_for() -> None:
    clock = StillClock()
    opened = await open_house(clock=clock)
    async with opened.client() as client:
        await Talk.start(client)
        await clock.advance(17 * 60)
        await opened.house.directory.end_expired()
        (id,) = opened.store._owned[("shop", "ada")]
        assert (await opened.store.load(id)).ended == "inactivity_timeout"


async def test_inactivity_may_be_switched_off() -> None:
    clock = StillClock()
    opened = await open_house(project(settings=Settings(idle_seconds=None)), clock=clock)
    async with opened.client() as client:
        talk = await Talk.start(client)
        await clock.advance(40 * 24 * 3600)
        assert await talk.launch() == ["Hello, you!"]


async def test_launch_begins_again_and_keeps_the_variables(talk: Talk) -> None:
    await talk.launch(variables={"name": "Ada"})
    await talk.say("buttons")
    answer = await talk.send({"type": "launch"}, config={"state": True})
    assert messages(answer.json()["traces"]) == ["Hello, Ada!"]
    assert answer.json()["state"]["variables"]["sessions"] == 2
    assert [frame["nodeID"] for frame in answer.json()["state"]["stack"]] == ["listen"]
    assert await talk.say("hi") == ["You said: hi"]


async def test_variables_marked_so_persist_to_the_next_session(client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.launch(variables={"name": "Ada", "n": "5"})
    again = await Talk.start(client)
    answer = await again.send({"type": "launch"}, config={"state": True})
    assert messages(answer.json()["traces"]) == ["Hello, Ada!"]
    assert answer.json()["state"]["variables"]["n"] == ""
    assert answer.json()["state"]["variables"]["sessions"] == 2


async def test_a_forgotten_user_leaves_nothing(client: httpx.AsyncClient, talk: Talk) -> None:
    whole = await talk.stream({"type": "launch"}, variables={"name": "Ada"})
    await client.delete("/state/user/ada", headers={"authorization": API_KEY})
    assert (await talk.send({"type": "launch"})).status_code == 401
    turn = whole.headers["x-turn-id"]
    answer = await client.get(f"/v4/interact/stream/{turn}", headers={"authorization": talk.key})
    assert answer.status_code in (401, 404)
    assert await (await Talk.start(client)).launch() == ["Hello, you!"]


async def test_a_session_goes_on_after_a_restart(talk: Talk) -> None:
    opened = await open_house()
    async with opened.client() as client:
        talk = await Talk.start(client)
        await talk.launch()
    restarted = await open_house(store=opened.store)
    async with restarted.client() as client:
        assert await Talk(client, talk.key).say("hi") == ["You said: hi"]


@pytest.mark.parametrize("path", ["/state/user/ada/interact", "/v2/project/shop/user/ada/interact/stream"])
async def test_legacy_users_begin_again_after_an_end(client: httpx.AsyncClient, path: str) -> None:
    headers = {"authorization": API_KEY}
    await client.post(path, json={"action": {"type": "launch"}}, headers=headers)
    await client.post(path, json={"action": {"type": "text", "payload": "bye"}}, headers=headers)
    answer = await client.post(path, json={"action": {"type": "text", "payload": "hi"}}, headers=headers)
    assert answer.status_code == 200 and "Hello, you!" in answer.text


async def test_draining_finishes_what_was_taken_and_refuses_the_rest() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    async with opened.client() as client:
        talk = await Talk.start(client)
        running = asyncio.create_task(talk.send({"type": "x", "payload": "a"}))
        await engine.has_begun(1)
        draining = asyncio.create_task(opened.house.directory.drain(5))
        await asyncio.sleep(0.01)
        for refused in (await talk.send({"type": "x"}), await client.get("/ready")):
            assert (refused.status_code, refused.json()["code"]) == (503, "draining")
        started = await client.post(
            "/v4/project/shop/session", json={"userID": "u"}, headers={"authorization": API_KEY}
        )
        assert started.status_code == 503
        assert not draining.done()
        engine.let_go()
        assert (await running).status_code == 200
        await draining
        assert (await client.get("/health")).status_code == 200


async def test_a_turn_that_was_handed_back_is_gone() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    async with opened.client() as client:
        talk = await Talk.start(client)
        session = await opened.house.directory.find(opened.house.keys.read(talk.key).session)
        running = asyncio.create_task(talk.send({"type": "x", "payload": "a"}))
        await engine.has_begun(1)
        turn = session.work.current.answer.turn  # type: ignore[attr-defined]
        assert await session.hand_back(turn)
        assert (await running).status_code == 503
        answer = await client.get(f"/v4/interact/stream/{turn}", headers={"authorization": talk.key})
        assert (answer.status_code, answer.json()["code"]) == (404, "no_turn")
        engine.let_go()
        said = await talk.send({"type": "x", "payload": "b"}, config={"state": True})
        assert said.json()["state"]["variables"]["order"] == "b"
