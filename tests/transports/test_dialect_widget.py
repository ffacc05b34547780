"""Dialect B, the chat widget's: handshake, turns, cancel, replay, and what it shares with dialect A."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from socket_server import DIRECT, PLAIN
from talker import Documented, Place, WidgetTalker, a_place, texts, traces
from tests.house_fixture import PROJECT
from tests.slow_engine import SlowEngine


@pytest.fixture(params=[DIRECT, PLAIN], ids=["direct", "plain ASGI"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with a_place(ws=request.param) as place:
        yield place


async def test_a_conversation_as_the_widget_holds_it(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    started = await ada.start(versionVariant="published", state=None)
    assert set(started) == {"versionID", "newSessionRequired"} and started["newSessionRequired"] is True
    ada.emit("action", {"action": {"type": "launch", "payload": {"resetState": False}}, "config": {"stateful": False}})
    await ada.status("completed")
    assert texts(ada.heard) == ["Hello, you!"]
    ada.emit("keep-alive")
    assert await ada.ask("hi") == ["You said: hi"]
    assert await ada.ask("bye") == ["Goodbye."]
    assert await ada.next("session-ended") is None
    names = [event for event, _ in ada.heard]
    assert set(names) <= {"start", "session-key-update", "action", "trace", "session-ended"}


async def test_no_action_is_a_launch(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    ada.emit("action", {})
    await ada.status("completed")
    assert texts(ada.heard) == ["Hello, you!"]


async def test_a_stale_key_needs_a_new_session(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    ada.emit("action", {"action": {"type": "end"}})
    await ada.next("session-ended")
    back = await WidgetTalker.connect(place.port)
    assert (await back.start(key=ada.key))["newSessionRequired"] is True


async def test_asking_for_a_key_again_keeps_the_session(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    ada.emit("session-key-update")
    assert (await ada.next("session-key-update"))["sessionKey"] == ada.key
    assert await ada.ask("more") == ["You said: more"]


async def test_what_was_missed_is_replayed_by_time(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    await ada.ask("more")
    everything = traces(ada.heard)
    for since in (0, "1970-01-01T00:00:00.000Z"):
        back = await WidgetTalker.connect(place.port)
        assert (await back.start(key=ada.key, lastReceivedAt=since))["newSessionRequired"] is False
        replay = (await back.next("replay"))["replay"]
        assert [entry["data"] for entry in replay if entry["type"] == "trace"] == everything
        assert [entry["data"]["payload"] for entry in replay if entry["type"] == "action"] == ["hi", "more"]
        assert all(isinstance(entry["createdAt"], int) for entry in replay)
    latest = await WidgetTalker.connect(place.port)
    await latest.start(key=ada.key, lastReceivedAt=everything[-1]["time"])
    assert (await latest.next("replay"))["replay"] == []


async def test_the_state_is_told_to_whoever_asks_for_it(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    ada.emit("action", {"action": {"type": "text", "payload": "hi"}, "config": {"stateful": True}})
    assert {"stack", "storage", "variables"} <= set((await ada.next("state"))["state"])
    await ada.status("completed")
    await ada.ask("more")
    assert [event for event, _ in ada.heard].count("state") == 1


async def test_cancel_interrupts_and_what_was_shown_is_remembered() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await WidgetTalker.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        ada.emit("cancel")
        assert await ada.next("cancel") == {"success": True}
        await ada.status("completed")
        assert [trace["type"] for trace in traces(ada.heard)] == ["heard"]
        back = await Documented.connect(place.port)
        await back.start(key=ada.key, lastOffset=0)
        done = await back.status("completed")
        assert done["reason"] == "interrupted"
        assert [trace["type"] for trace in traces(back.heard)] == ["heard"]


async def test_cancel_right_behind_its_action_still_finds_it() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await WidgetTalker.connect(place.port)
        await ada.start()
        for _ in range(20):
            ada.say("slow")
            ada.emit("cancel")
            assert await ada.next("cancel") == {"success": True}
            await ada.until(lambda: [p for e, p in ada.heard if e == "action"][-1]["status"] == "completed")


async def test_there_is_nothing_to_cancel(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    ada.emit("cancel")
    assert await ada.next("cancel") == {"success": False}
    await ada.start()
    ada.emit("cancel")
    assert await ada.next("cancel") == {"success": False}
    await ada.ask("hi")
    ada.emit("cancel")
    assert await ada.next("cancel") == {"success": False}


async def test_a_cut_connection_stops_no_turn() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await WidgetTalker.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        ada.cut()
        back = await WidgetTalker.connect(place.port)
        await back.start(key=ada.key, lastReceivedAt=0)
        replay = (await back.next("replay"))["replay"]
        assert [entry["data"]["type"] for entry in replay] == ["text", "heard"]
        engine.let_go()
        await back.status("completed")
        assert [trace["type"] for trace in traces(back.heard)] == ["done"]


async def test_both_dialects_watch_one_session(place: Place) -> None:
    widget = await WidgetTalker.connect(place.port)
    await widget.start()
    other = await Documented.connect(place.port)
    await other.start(key=widget.key)
    assert await widget.ask("hi") == ["Hello, you!"]
    await other.status("completed")
    assert await other.ask("there") == ["You said: there"]
    await widget.status("completed")
    assert texts(widget.heard) == texts(other.heard) == ["Hello, you!", "You said: there"]


async def test_the_end_of_anothers_turn_is_not_taken_for_the_end_of_ones_own() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        widget = await WidgetTalker.connect(place.port)
        await widget.start()
        other = await Documented.connect(place.port)
        await other.start(key=widget.key)
        other.say("theirs")
        await engine.has_begun(1)
        widget.say("mine")
        await widget.status("accepted")
        engine.let_go()
        await other.status("completed")
        await engine.has_begun(2)
        await widget.quiet()
        assert [p["status"] for e, p in widget.heard if e == "action"] == ["accepted"]
        engine.let_go()
        await widget.status("completed")
        assert [trace["payload"] for trace in traces(widget.heard)] == ["theirs", "theirs", "mine", "mine"]


async def test_the_first_event_decides_the_dialect(place: Place) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    ada.emit("client.start", {"userID": "ada", "projectID": PROJECT})
    assert (await ada.next("error"))["code"] == "unknown_event"
    bob = await Documented.connect(place.port)
    await bob.start("bob")
    bob.emit("start", {"userID": "bob", "projectID": PROJECT})
    assert (await bob.next("error"))["code"] == "unknown_event"
