"""Whatever a client sends: one clear answer naming the field, and everybody else is served as before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from talker import Documented, Place, Talker, WidgetTalker, a_place
from tests.house_fixture import PROJECT
from tests.slow_engine import SlowEngine

START = {"userID": "ada", "projectID": PROJECT}
WRONG: tuple[Any, ...] = (7, 1.5, True, [], {}, ["x"])
LONG = "x" * 900_000


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


async def still_serves(place: Place) -> None:
    bob = await Documented.connect(place.port)
    await bob.start("bob")
    bob.send({"type": "launch"})
    await bob.status("completed")
    assert await bob.ask("hi") == ["You said: hi"]


@pytest.mark.parametrize("name", ["userID", "projectID", "environmentID", "sessionKey", "authorization"])
async def test_a_wrong_type_at_the_start_is_named(place: Place, name: str) -> None:
    for dialect, event in ((Documented, "client.start"), (WidgetTalker, "start")):
        ada = await dialect.connect(place.port)
        for value in WRONG:
            ada.emit(event, START | {name: value})
            error = await ada.next("error")
            assert error["code"] == "invalid_input" and error["error"].startswith(name), (name, value, error)


@pytest.mark.parametrize(
    "config",
    [
        "text",
        [],
        7,
        {"completionEvents": "yes"},
        {"audioEvents": 1},
        {"audioEncoding": "audio/ogg"},
        {"audioEncoding": 7},
        {"userTimezone": 7},
        {"excludeTypes": "text"},
        {"excludeTypes": [7]},
        {"concurrency": "never"},
        {"concurrency": []},
    ],
)
async def test_a_wrong_config_is_named(place: Place, config: Any) -> None:
    for dialect, event in ((Documented, "client.start"), (WidgetTalker, "start")):
        ada = await dialect.connect(place.port)
        ada.emit(event, START | {"config": config})
        error = await ada.next("error")
        assert error["code"] == "invalid_input" and error["error"].startswith("config"), error
    bob = await Documented.connect(place.port)
    await bob.start("bob")
    bob.say("hi", config=config)
    assert (await bob.status("rejected"))["error"].startswith("config")


async def test_every_documented_config_is_taken(place: Place) -> None:
    for encoding in (None, "audio/x-mulaw", "audio/pcm"):
        ada = await Documented.connect(place.port)
        config = {
            "completionEvents": True,
            "userTimezone": "Asia/Tokyo",
            "audioEvents": True,
            "audioEncoding": encoding,
        }
        await ada.start(config=config)
        await ada.ask("hi")
        ada.cut()


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n in ("lastOffset", "lastEpoch") for v in ("7", -1, 1.5, [], {}, True)]
)
async def test_a_wrong_place_is_named(place: Place, name: str, value: Any) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    ada.emit("client.start", START | {"sessionKey": ada.key, "lastOffset": 0} | {name: value})
    assert (await ada.next("error"))["error"].startswith(name)


@pytest.mark.parametrize("value", ["soon", True, [], {}, "9999-99-99", 1e400])
async def test_a_wrong_time_is_named(place: Place, value: Any) -> None:
    ada = await WidgetTalker.connect(place.port)
    await ada.start()
    ada.emit("start", START | {"sessionKey": ada.key, "lastReceivedAt": value})
    if value == 1e400:
        assert await ada.closed() is not None, "Infinity is no JSON"
    else:
        assert (await ada.next("error"))["error"].startswith("lastReceivedAt")


BAD_ACTIONS: list[tuple[Any, str]] = [
    (None, "action"),
    ("text", "action"),
    ([], "action"),
    (7, "action"),
    ({}, "action.type"),
    ({"type": ""}, "action.type"),
    ({"type": 7}, "action.type"),
    ({"type": "text"}, "action.payload"),
    ({"type": "text", "payload": 7}, "action.payload"),
    ({"type": "text", "payload": {}}, "action.payload"),
    ({"type": "text", "payload": "x", "time": "now"}, "action.time"),
    ({"type": "text", "payload": "x", "metadata": []}, "action.metadata"),
    ({"type": "text", "payload": "x", "diagramID": 7}, "action.diagramID"),
    ({"type": "intent", "payload": {}}, "action.payload.intent"),
    ({"type": "event", "payload": {"event": {}}}, "action.payload.event.name"),
    ({"type": "file", "payload": {"files": []}}, "action.payload.files"),
]


@pytest.mark.parametrize(("action", "path"), BAD_ACTIONS)
async def test_a_malformed_action_is_rejected_by_name(place: Place, action: Any, path: str) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    ada.send(action, messageID="mine")
    status = await ada.status("rejected")
    assert status["messageID"] == "mine" and status["reason"] == "invalid_input" and status["error"].startswith(path)
    widget = await WidgetTalker.connect(place.port)
    await widget.start("bob")
    if action is not None:
        widget.emit("action", {"action": action})
        assert (await widget.status("rejected"))["error"].startswith(path)


@pytest.mark.parametrize("payload", [None, "text", 7, [], [1], True])
async def test_a_payload_that_is_no_object_is_answered(place: Place, payload: Any) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    ada.emit("action.send", payload)
    assert (await ada.status("rejected"))["reason"] == "invalid_input"
    for event in ("client.start", "session.create"):
        ada.emit(event, payload)
        assert (await ada.next("error"))["code"] == "invalid_input"
    widget = await WidgetTalker.connect(place.port)
    await widget.start("bob")
    widget.emit("action", payload)
    assert (await widget.status("rejected"))["reason"] == "invalid_input"


async def test_a_payload_that_is_missing_is_answered(place: Place) -> None:
    ada = await Documented.connect(place.port)
    ada.emit("client.start")
    assert (await ada.next("error"))["error"].startswith("userID")
    await ada.start()
    ada.emit("action.send")
    assert (await ada.status("rejected"))["messageID"]
    ada.emit("session.create")
    assert (await ada.next("session.created"))["sessionKey"]


@pytest.mark.parametrize("value", ["", 7, [], {}, "x" * 129])
async def test_a_wrong_name_for_an_action_is_rejected(place: Place, value: Any) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    ada.say("hi", messageID=value)
    status = await ada.status("rejected")
    assert status["error"].startswith("messageID") and status["messageID"]


async def test_nothing_goes_before_the_start(place: Place) -> None:
    for event in ("hello", "client.stop", "x" * 200):
        ada = await Talker.connect(place.port)
        ada.emit(event, {})
        assert (await ada.next("error"))["code"] == "not_started"
    ada = await Documented.connect(place.port)
    ada.emit("session.create", {})
    assert (await ada.next("error"))["code"] == "not_started"
    ada.say("hi")
    assert (await ada.status("rejected"))["reason"] == "no_session"
    widget = await WidgetTalker.connect(place.port)
    widget.say("hi")
    assert (await widget.status("rejected"))["reason"] == "no_session"
    widget.emit("session-key-update")
    assert (await widget.next("error"))["code"] == "not_started"


async def test_no_key_but_ones_own_opens_a_session(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    claims = jwt.decode(ada.key, options={"verify_signature": False})
    forged = [
        "nonsense",
        "a.b.c",
        LONG[:50_000],
        jwt.encode(claims, "another secret of at least thirty-two bytes", "HS256"),
        jwt.encode(claims, None, "none"),
        ada.key[:-2] + ("AA" if not ada.key.endswith("AA") else "BB"),
    ]
    for key in forged:
        for dialect in (Documented, WidgetTalker):
            bob = await dialect.connect(place.port)
            started = await bob.start("ada", key=key)
            assert started["newSessionRequired"] is True and "gap" not in started
    foreign = await Documented.connect(place.port)
    assert await foreign.start("bob", key=ada.key, lastOffset=0) == {"newSessionRequired": True}
    foreign.say("hi")
    assert (await foreign.status("rejected"))["reason"] == "no_session"


async def test_a_project_that_is_not_there_is_told(place: Place) -> None:
    ada = await Documented.connect(place.port)
    ada.emit("client.start", START | {"projectID": "no-such-project"})
    assert (await ada.next("error"))["code"] == "no_project"
    ada.emit("client.start", START | {"environmentID": "no-such-environment"})
    assert "environment" in (await ada.next("error"))["code"]
    for user in ("x" * 257, "a\nb", "\u0000"):
        ada.emit("client.start", START | {"userID": user})
        assert (await ada.next("error"))["code"] == "invalid_input"
    for user in ("x" * 256, "ключ ✓ 🎉", "' OR 1=1 --"):
        await ada.start(user)
        await ada.ask("hi")


async def test_long_texts_are_taken_and_longer_ones_cut_the_connection(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    await ada.ask("hi")
    ada.say(LONG)
    await ada.next("action.status")
    await ada.next("action.status")
    assert not ada.is_closed
    ada.say("x" * 1_100_000)
    assert await ada.closed() == 1009
    await still_serves(place)


async def test_a_flood_of_nonsense_harms_nobody_else(place: Place) -> None:
    ada = await Documented.connect(place.port)
    await ada.start()
    for n in range(20_000):
        ada.emit(f"nonsense-{n}", {})
    await still_serves(place)


async def test_a_flood_of_starts_and_sessions_harms_nobody_else(place: Place) -> None:
    ada = await Documented.connect(place.port)
    for n in range(500):
        ada.emit("client.start", START | {"userID": f"user-{n % 7}"})
        ada.emit("session.create", {})
        ada.say("hi")
    assert await ada.closed() == 4008, "too many messages wait"
    await still_serves(place)


async def test_a_flood_of_actions_is_bounded() -> None:
    engine = SlowEngine()
    async with a_place(engine=engine) as place:
        ada = await Documented.connect(place.port)
        await ada.start()
        for n in range(3_000):
            ada.say(str(n))
        await ada.until(lambda: len([1 for e, _ in ada.heard if e == "action.status"]) == 3_000)
        statuses = [payload["status"] for event, payload in ada.heard if event == "action.status"]
        assert statuses.count("accepted") in (16, 17) and statuses.count("rejected") == 3_000 - statuses.count(
            "accepted"
        )
