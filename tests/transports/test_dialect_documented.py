"""Dialect A by the rules of its documentation: handshake, actions, order, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from socket_server import DIRECT, PLAIN
from talker import Documented, Place, a_place, texts, traces
from tests.house_fixture import API_KEY, PROJECT, Talk, project, split_project
from tests.slow_engine import SlowEngine


@pytest.fixture(params=[DIRECT, PLAIN], ids=["direct", "plain ASGI"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with a_place(ws=request.param) as place:
        yield place


async def test_a_conversation_from_launch_to_end(place: Place) -> None:
    ada = await Documented.connect(place.port)
    assert await ada.start() == {"newSessionRequired": True}
    before = len(ada.heard)
    ada.send({"type": "launch", "payload": {}})
    await ada.status("completed")
    assert texts(ada.heard[before:]) == ["Hello, you!"]
    assert await ada.ask("hi") == ["You said: hi"]
    assert await ada.ask("bye") == ["Goodbye."]
    assert (await ada.next("session.ended"))["reason"] == "end_of_diagram"
    ada.say("still there?")
    assert (await ada.status("rejected"))["reason"] == "session_ended"


async def test_accepted_comes_first_then_traces_then_completed(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    for n in range(20):
        before = len(ada.heard)
        ada.say("count" if n else "hi")
        await ada.status("completed")
        events = ada.heard[before:]
        assert [p["status"] for e, p in events if e == "action.status"] == ["accepted", "completed"]
        assert events[0][1]["status"] == "accepted" and events[-1][1]["status"] == "completed"
        assert len({p["messageID"] for _, p in events}) == 1
    assert [offset for _, offset in ada.numbered] == list(range(1, len(ada.numbered) + 1))


async def test_documented_payloads_have_the_documented_fields(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    for event, payload in ada.heard:
        if event == "session.created":
            assert isinstance(payload["sessionKey"], str) and payload["sessionKey"].count(".") == 2
        elif event == "action.trace":
            assert isinstance(payload["trace"]["type"], str) and isinstance(payload["messageID"], str)
        elif event == "action.status":
            assert payload["status"] in ("accepted", "completed") and payload["messageID"]


async def test_the_client_may_name_its_action_and_repeat_it(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi", messageID="one")
    before = len(ada.heard)
    ada.say("hi", messageID="one")
    assert (await ada.status("accepted"))["messageID"] == "one"
    assert (await ada.status("completed")) == {"status": "completed", "messageID": "one", "repeated": True}
    assert traces(ada.heard[before:]) == []


async def test_an_action_repeated_on_another_connection_is_answered_whole_and_once() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        ada.say("slow", messageID="m-1")
        await engine.has_begun(1)
        await ada.next("action.trace")
        ada.cut()
        again = await Documented.connect(place.port)
        assert (await again.start(key=ada.key))["newSessionRequired"] is False
        again.say("slow", messageID="m-1")
        await again.status("accepted")
        engine.let_go()
        await again.status("completed")
        assert [trace["type"] for trace in traces(again.heard)] == ["heard", "done"]
        assert engine.begun == 1


async def test_two_tabs_see_the_same(place: Place) -> None:
    one = await Documented.connect(place.port)
    await one.start()
    two = await Documented.connect(place.port)
    assert (await two.start(key=one.key))["newSessionRequired"] is False
    await one.ask("hi")
    await two.ask("count")
    await one.until(lambda: len(one.numbered) == len(two.numbered))
    seen = [[h for h in tab.heard if "offset" in h[1] and h[0].startswith("action")] for tab in (one, two)]
    assert seen[0] == seen[1]


async def test_a_connection_that_breaks_stops_no_turn() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        ada.cut()
        engine.let_go()
        again = await Documented.connect(place.port)
        started = await again.start(key=ada.key, lastOffset=0, lastEpoch=1)
        assert started["newSessionRequired"] is False
        await again.status("completed")
        assert [trace["type"] for trace in traces(again.heard)] == ["heard", "done"]
        assert again.numbered == [(1, 1), (1, 2), (1, 3)]


async def test_what_was_missed_is_replayed_once(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    everything = [h for h in ada.heard if "offset" in h[1] and h[0].startswith("action")]
    for last in range(len(everything) + 1):
        back = await Documented.connect(place.port)
        started = await back.start(key=ada.key, lastOffset=last, lastEpoch=1)
        missed = everything[last:]
        assert started == {"newSessionRequired": False, "replayed": len(missed), "epoch": 1, "offset": last}
        await back.quiet()
        assert [h for h in back.heard if h[0].startswith("action")] == missed
        back.cut()


async def test_a_place_that_was_never_told_is_a_gap(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    for epoch, offset in ((1, 9_999), (7, 1), (0, 1), (1, 2**63), (1, 10**30)):
        back = await Documented.connect(place.port)
        started = await back.start(key=ada.key, lastOffset=offset, lastEpoch=epoch)
        assert started["gap"] is True and "user_id" in started["snapshot"]["variables"]
        assert "replayed" not in started
        await back.quiet()
        assert [offset for _, offset in back.numbered] == list(range(started["offset"] + 1, len(back.numbered) + 1))
        assert await back.ask("more") == ["You said: more"]


async def test_the_end_that_was_missed_is_told_too(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    last = ada.numbered[-1][1]
    await ada.ask("bye")
    await ada.next("session.ended")
    back = await Documented.connect(place.port)
    started = await back.start(key=ada.key, lastOffset=last)
    assert started["newSessionRequired"] is True
    assert (await back.next("session.ended"))["reason"] == "end_of_diagram"
    assert texts(back.heard) == ["Goodbye."]
    back.say("hello?")
    assert (await back.status("rejected"))["reason"] == "session_ended"
    back.emit("session.create", {})
    assert (await back.next("session.created"))["sessionKey"] != ada.key
    assert await back.ask("anybody?") == ["Hello, you!"]


async def test_a_key_made_over_http_opens_the_same_session(place: Place) -> None:
    async with place.opened.client() as http:
        talk = await Talk.start(http)
        await talk.launch()
        ada = await Documented.connect(place.port)
        assert (await ada.start(key=talk.key))["newSessionRequired"] is False
        await talk.say("over http")
        await ada.status("completed")
        assert texts(ada.heard) == ["You said: over http"]
        assert await ada.ask("over the socket") == ["You said: over the socket"]
        assert await talk.say("back") == ["You said: back"]


async def test_a_new_session_ends_the_one_before(place: Place) -> None:
    one = await Documented.connect(place.port)
    await one.start()
    two = await Documented.connect(place.port)
    await two.start()
    assert (await one.next("session.ended"))["reason"] == "replaced"
    three = await Documented.connect(place.port)
    assert await three.start(key=one.key) == {"newSessionRequired": True}


async def test_two_starts_in_a_row_are_two_visitors(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start("ada")
    await ada.ask("hi")
    ada.emit("client.start", {"userID": "bob", "projectID": PROJECT})
    assert (await ada.next("client.started"))["newSessionRequired"] is True
    ada.say("who am I?")
    assert (await ada.status("rejected"))["reason"] == "no_session"
    ada.emit("client.start", {"userID": "bob", "projectID": PROJECT, "sessionKey": ada.key})
    assert (await ada.next("client.started"))["newSessionRequired"] is True
    ada.emit("client.start", {"userID": "", "projectID": PROJECT})
    assert (await ada.next("error"))["code"] == "invalid_input"
    ada.emit("session.create", {})
    assert (await ada.next("error"))["code"] == "not_started"


async def test_an_environment_is_chosen_by_name_or_by_the_split() -> None:
    async with a_place(split_project()) as place:
        named = await Documented.connect(place.port)
        await named.start("u", environmentID="candidate")
        named.send({"type": "launch"})
        await named.status("completed")
        assert texts(named.heard) == ["Hello from candidate."]
        said = set()
        for n in range(40):
            routed = await Documented.connect(place.port)
            await routed.start(f"user-{n}")
            routed.send({"type": "launch"})
            await routed.status("completed")
            said |= set(texts(routed.heard))
            routed.cut()
        assert said == {"Hello from main.", "Hello from candidate."}


async def test_a_hundred_actions_at_once_are_taken_in_order_up_to_the_bound() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        for n in range(100):
            ada.say(str(n), messageID=f"m{n}")
        engine.let_go(100)
        statuses: dict[str, list[str]] = {}

        def is_over() -> bool:
            statuses.clear()
            for event, payload in ada.heard:
                if event == "action.status":
                    statuses.setdefault(payload["messageID"], []).append(payload["status"])
            return len(statuses) == 100 and all(s[-1] != "accepted" for s in statuses.values())

        await ada.until(is_over)
        taken = [m for m, s in statuses.items() if s == ["accepted", "completed"]]
        refused = [m for m, s in statuses.items() if s == ["rejected"]]
        assert len(taken) + len(refused) == 100 and len(taken) >= 16
        reasons = {p["reason"] for e, p in ada.heard if e == "action.status" and p["status"] == "rejected"}
        assert reasons == {"busy"}
        order = [p["messageID"] for e, p in ada.heard if e == "action.status" and p["status"] == "completed"]
        assert order == sorted(order, key=lambda m: int(m[1:]))


async def test_a_slow_turn_does_not_hold_up_the_connection() -> None:
    engine = SlowEngine()
    async with a_place(project(), engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        ada.say("slow")
        await engine.has_begun(1)
        ada.emit("nonsense", {})
        assert (await ada.next("error"))["code"] == "unknown_event"
        ada.send({"type": "text", "payload": "quick"}, config={"concurrency": "reject"})
        assert (await ada.status("rejected"))["reason"] == "busy"
        ada.send({"type": "text", "payload": "now"}, config={"concurrency": "interrupt"})
        await engine.has_begun(2)
        engine.let_go()
        assert (await ada.status("completed"))["reason"] == "interrupted"
        assert "reason" not in await ada.status("completed")


async def test_public_clients_need_no_key_and_a_given_one_must_be_right(place: Place) -> None:
    for authorization, code in ((API_KEY, None), ("VF.DM.0123.wrong", "unauthorized"), (7, "invalid_input")):
        ada = await Documented.connect(place.port)
        ada.emit("client.start", {"userID": "ada", "projectID": PROJECT, "authorization": authorization})
        if code is None:
            await ada.next("client.started")
        else:
            assert (await ada.next("error"))["code"] == code


async def test_the_turns_of_one_connection_do_not_mix_with_those_of_another(place: Place) -> None:
    talkers = [await Documented.connect(place.port) for _ in range(30)]

    async def talk(n: int, talker: Documented) -> None:
        await talker.start(f"user-{n}")
        talker.send({"type": "launch"})
        await talker.status("completed")
        for turn in range(10):
            assert await talker.ask(f"{n}/{turn}") == [f"You said: {n}/{turn}"]

    await asyncio.gather(*(talk(n, talker) for n, talker in enumerate(talkers)))


async def test_events_with_acks_are_acknowledged_once_each(place: Place) -> None:
    ada = await Documented.connect(place.port)
    ada.emit("not-yet", ack=0)
    ada.emit("client.start", {"userID": "ada", "projectID": PROJECT}, ack=1)
    ada.emit("session.create", {}, ack=2)
    ada.emit("action.send", {"action": {"type": "text", "payload": "hi"}}, ack=3)
    ada.emit("action.send", "nonsense", ack=4)
    await ada.until(lambda: len(ada.acks) == 5)
    await ada.status("completed")
    assert ada.acks == list(range(5))
