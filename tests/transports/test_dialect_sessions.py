"""Sessions outlive connections and servers: events from anywhere, restarts, lost stores, drains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from talker import Documented, Place, WidgetTalker, a_place, texts, traces
from tests.failing_store import FailingStore
from tests.house_fixture import API_KEY, PROJECT, Talk
from tests.slow_engine import SlowEngine

from parley.backends.clock import SystemClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.traces import CustomTrace
from parley.engine.turn import Turn

REPRESENTATION = {"prefer": "return=representation"}


@asynccontextmanager
async def a_lasting_place(path: Path, **options: Any) -> AsyncIterator[Place]:
    """A server on a file: opened again, it goes on where it was."""
    store = SqliteStore(path / "parley.db", clock=SystemClock())
    await store.open()
    try:
        async with a_place(store=store, **options) as place:
            yield place
            await place.opened.house.directory.drain(0.01)
    finally:
        await store.close()


async def send_event(place: Place, key: str, payload: Any, **headers: str) -> httpx.Response:
    async with place.opened.client() as http:
        return await http.post(
            f"/v2/project/{PROJECT}/session/{key}/event",
            json={"action": {"type": "text", "payload": payload}},
            headers={"authorization": API_KEY, **headers},
        )


@pytest.mark.parametrize("origin", ["socket", "rest"])
async def test_an_event_reaches_every_socket_of_the_session_in_order(origin: str) -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        one, two = await Documented.connect(place.port), await WidgetTalker.connect(place.port)
        if origin == "rest":
            async with place.opened.client() as http:
                key = (await Talk.start(http)).key
            await one.start(key=key)
        else:
            await one.start()
            key = one.key
        await two.start(key=key)
        one.say("mine")
        await engine.has_begun(1)
        for n in range(3):
            answer = await send_event(place, key, f"event {n}")
            assert (answer.status_code, answer.content) == (201, b"")
        engine.let_go(4)
        await one.until(lambda: len(traces(one.heard)) == 8)
        await two.until(lambda: len(traces(two.heard)) == 8)
        said = ["mine", "mine"] + [f"event {n}" for n in range(3) for _ in range(2)]
        assert [trace["payload"] for trace in traces(one.heard)] == said
        assert [trace["payload"] for trace in traces(two.heard)] == said
        assert one.numbered == [(1, n) for n in range(1, 13)]


async def test_an_event_says_whether_anybody_was_there() -> None:
    async with a_place() as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        delivered = (await send_event(place, ada.key, "psst", **REPRESENTATION)).json()
        assert delivered["status"] == "delivered"
        await ada.until(lambda: "completed" in str(ada.heard))
        assert {payload["messageID"] for event, payload in ada.heard if event == "action.trace"} == {
            delivered["injectionID"]
        }
        ada.cut()
        while await _is_heard(place, ada.key):
            await asyncio.sleep(0.01)
        answer = await send_event(place, ada.key, "anybody?", **REPRESENTATION)
        assert answer.status_code == 201 and answer.json()["status"] == "no_active_connection"
        assert (await send_event(place, ada.key, "anybody?")).content == b""


async def _is_heard(place: Place, key: str) -> bool:
    claims = place.opened.house.keys.read(key)
    return (await place.opened.house.directory.find(claims.session)).listeners > 0


async def test_what_was_missed_is_replayed_after_a_restart(tmp_path: Path) -> None:
    async with a_lasting_place(tmp_path) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        for n in range(120):
            await ada.ask(str(n))
        everything = [h for h in ada.heard if "offset" in h[1] and h[0].startswith("action")]
    async with a_lasting_place(tmp_path) as place:
        for last in (0, 1, 2, 300, len(everything) - 3, len(everything)):
            back = await Documented.connect(place.port)
            started = await back.start(key=ada.key, lastOffset=last, lastEpoch=1)
            assert started["replayed"] == len(everything) - last, started
            await back.quiet()
            assert [h for h in back.heard if h[0].startswith("action")] == everything[last:]
        assert await back.ask("on we go") == ["You said: on we go"]


async def test_a_turn_cut_off_by_a_crash_is_told_again_under_a_new_epoch(tmp_path: Path) -> None:
    engine = SlowEngine()
    async with a_lasting_place(tmp_path, engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        engine.let_go()
        ada.say("first")
        await ada.status("completed")
        ada.say("second")
        await engine.has_begun(2)
        await ada.next("action.trace")
        seen = ada.numbered[-1]
        assert seen == (1, 4)
    engine = SlowEngine()
    async with a_lasting_place(tmp_path, engine=engine) as place:
        had_seen_some, had_seen_none = await Documented.connect(place.port), await Documented.connect(place.port)
        gap = await had_seen_some.start(key=ada.key, lastOffset=4, lastEpoch=1)
        epoch = gap["epoch"]
        assert gap["gap"] is True and epoch > 1 and gap["offset"] == 3
        assert gap["snapshot"]["variables"]["order"] == "first"
        fine = await had_seen_none.start(key=ada.key, lastOffset=3, lastEpoch=1)
        assert "gap" not in fine and (fine["epoch"], fine["offset"]) == (epoch, 3)
        engine.let_go()
        for talker in (had_seen_some, had_seen_none):
            await talker.status("completed")
            assert [trace["payload"] for trace in traces(talker.heard)] == ["second", "second"]
            assert talker.numbered == [(epoch, 4), (epoch, 5), (epoch, 6)]


async def test_each_crash_in_the_middle_of_a_turn_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    key = None
    for crash in range(4):
        engine = SlowEngine()
        async with a_lasting_place(tmp_path, engine=engine) as place:
            ada = await Documented.connect(place.port)
            at = {"lastEpoch": seen[-1][0], "lastOffset": seen[-1][1]} if seen else {}
            started = await ada.start(key=key, **at)
            assert ("gap" in started) is (crash > 0)
            key = ada.key
            if crash == 0:
                ada.say("again and again")
            await ada.next("action.trace")
            seen.append(ada.numbered[-1])
            if crash == 3:
                engine.let_go()
                await ada.status("completed")
                assert [trace["type"] for trace in traces(ada.heard)] == ["heard", "done"]
    assert len({epoch for epoch, _ in seen}) == 4 and {offset for _, offset in seen} == {1}


async def test_a_session_that_could_not_be_saved_is_found_again() -> None:
    store = FailingStore(clock=SystemClock())
    async with a_place(store=store) as place:
        ada, tab = await Documented.connect(place.port), await WidgetTalker.connect(place.port)
        await ada.start()
        await ada.ask("hi")
        await tab.start(key=ada.key)
        store.fails = {"commit"}
        ada.say("lost")
        assert (await ada.next("error"))["code"] == "store_unavailable"
        assert await ada.closed() == await tab.closed() == 1011
        store.fails = set()
        place_seen = ada.numbered[-1]
        back = await Documented.connect(place.port)
        started = await back.start(key=ada.key, lastEpoch=place_seen[0], lastOffset=place_seen[1])
        assert started["newSessionRequired"] is False
        await back.status("completed")
        assert texts(back.heard) == ["You said: lost"]
        assert await back.ask("more") == ["You said: more"]


async def test_an_action_that_cannot_be_recorded_at_all_is_rejected() -> None:
    store = FailingStore(clock=SystemClock())
    async with a_place(store=store) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        await ada.ask("hi")
        store.fails = {"accept"}
        ada.say("lost")
        assert (await ada.status("rejected"))["reason"] == "store_unavailable"
        assert await ada.closed() == 1011
        store.fails = {"load"}
        bob = await Documented.connect(place.port)
        bob.emit("client.start", {"userID": "ada", "projectID": PROJECT, "sessionKey": ada.key})
        assert (await bob.next("error"))["code"] == "store_unavailable"


async def test_a_drain_lets_running_turns_finish() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        draining = asyncio.create_task(place.front.drain(5))
        await asyncio.sleep(0)
        ada.say("late")
        late = await Documented.connect(place.port)
        assert await late.closed() == 1012
        engine.let_go()
        await ada.status("completed")
        assert await ada.next("server.restart") == {"action": {"type": "text", "payload": "late"}}
        assert await ada.closed() == 1012
        await draining


async def test_an_action_that_comes_while_draining_is_handed_back_at_once() -> None:
    async with a_place() as place:
        ada, bob = await Documented.connect(place.port), await WidgetTalker.connect(place.port)
        await ada.start()
        await bob.start("bob")
        await place.opened.house.directory.drain(0)
        ada.say("late", messageID="m")
        assert await ada.next("server.restart") == {"action": {"type": "text", "payload": "late"}, "messageID": "m"}
        assert await ada.closed() == 1012
        bob.say("late")
        assert (await bob.status("rejected"))["reason"] == "draining"


@pytest.mark.parametrize("name", [None, "m-1"])
async def test_what_a_drain_cannot_finish_is_handed_back_and_answered_once(tmp_path: Path, name: str | None) -> None:
    engine = SlowEngine()
    more = {} if name is None else {"messageID": name}
    async with a_lasting_place(tmp_path, engine=engine) as place:
        ada, watcher = await Documented.connect(place.port), await Documented.connect(place.port)
        await ada.start()
        await watcher.start(key=ada.key)
        ada.say("slow", **more)
        await engine.has_begun(1)
        await ada.next("action.trace")
        await place.front.drain(0.01)
        handed = await ada.next("server.restart")
        assert handed == {"action": {"type": "text", "payload": "slow"}, **more}
        assert await watcher.next("server.restart") == {}
        assert await ada.closed() == await watcher.closed() == 1012
        assert not [payload for event, payload in ada.heard if event == "error"]
    engine = SlowEngine()
    async with a_lasting_place(tmp_path, engine=engine) as place:
        back = await Documented.connect(place.port)
        started = await back.start(key=ada.key, lastEpoch=1, lastOffset=1)
        assert started["gap"] is True and started["epoch"] > 1 and started["offset"] == 0
        back.send(handed["action"], **more)
        engine.let_go(2)
        await back.status("completed")
        assert [trace["type"] for trace in traces(back.heard)] == ["heard", "done"]
        assert engine.begun == 1


async def test_the_widgets_unfinished_turn_is_performed_by_the_next_server(tmp_path: Path) -> None:
    engine = SlowEngine()
    async with a_lasting_place(tmp_path, engine=engine) as place:
        ada = await WidgetTalker.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        await place.front.drain(0.01)
        await ada.closed()
    engine = SlowEngine()
    async with a_lasting_place(tmp_path, engine=engine) as place:
        back = await WidgetTalker.connect(place.port)
        assert (await back.start(key=ada.key))["newSessionRequired"] is False
        engine.let_go()
        await back.status("completed")
        assert [trace["type"] for trace in traces(back.heard)] == ["heard", "done"]


async def test_a_client_that_does_not_read_is_cut_and_comes_back(tmp_path: Path) -> None:
    async def talkative(turn: Turn) -> None:
        for n in range(300):
            turn.emit(CustomTrace("said", [n, "x" * 8_000]))

    async with a_lasting_place(tmp_path, engine=talkative) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        tab = await Documented.connect(place.port)
        await tab.start(key=ada.key)
        ada.stop_reading()
        for n in range(12):
            tab.say(str(n))
            await tab.status("completed")
        await ada.closed_unread()
        back = await Documented.connect(place.port)
        started = await back.start(key=ada.key, lastOffset=0)
        assert started["gap"] is True, "too much to be replayed at once"
        last = tab.numbered[-1][1]
        nearly = await Documented.connect(place.port)
        assert (await nearly.start(key=ada.key, lastOffset=last - 200))["replayed"] == 200
        await nearly.until(lambda: len(nearly.numbered) == 200)
        assert [offset for _, offset in nearly.numbered] == list(range(last - 199, last + 1))
