"""Emit session event: an action for a session that has an open connection; 201 and no effect without one."""

from __future__ import annotations

import httpx
import jsonschema
import pytest

from house_fixture import API_KEY, Opened, Talk, events_of, open_house
from parley.domain.transcript import Completed, Traced
from parley.session.handle import SessionHandle
from parley.session.outbox import Portion
from slow_engine import SlowEngine

SCHEMA = {
    "type": "object",
    "properties": {
        "action": {
            "type": "object",
            "properties": {
                "type": {"type": "string"},
                "payload": {},
                "diagramID": {"type": "string"},
                "time": {"type": "number"},
                "metadata": {"type": "object", "additionalProperties": {}},
            },
            "required": ["type"],
        }
    },
    "required": ["action"],
}
"""The documented request body."""

BODIES = [
    {"action": {"type": "event", "payload": {"event": {"name": "user_left"}}}},
    {"action": {"type": "event", "payload": {"anything": [1, None]}}},
    {"action": {"type": "event"}},
    {"action": {"type": "event", "payload": None, "diagramID": "d", "time": 1.5, "metadata": {"a": {"b": 1}}}},
    {"action": {"type": "text", "payload": "hi"}},
    {"action": {"type": "text", "payload": {"not": "a string"}}},
    {"action": {"type": "no such type", "payload": 7}},
    {"action": {"type": "end"}, "unknown": True},
]
AUTH = {"authorization": API_KEY}


def path_of(talk: Talk, project: str = "shop") -> str:
    return f"/v2/project/{project}/session/{talk.key}/event"


async def session_of(opened: Opened, talk: Talk) -> SessionHandle:
    return await opened.house.directory.find(opened.house.keys.read(talk.key).session)


@pytest.mark.parametrize("body", BODIES)
async def test_201_and_empty_without_a_connection_and_nothing_happens(
    opened: Opened, client: httpx.AsyncClient, talk: Talk, body: dict[str, object]
) -> None:
    jsonschema.validate(body, SCHEMA)
    answer = await client.post(path_of(talk), json=body, headers=AUTH)
    assert (answer.status_code, answer.content) == (201, b"")
    session = await session_of(opened, talk)
    assert session.place() == (1, 0)
    assert not session.state().stack


@pytest.mark.parametrize("body", BODIES[:-1])
async def test_201_and_empty_with_a_connection_which_hears_the_answer(
    opened: Opened, client: httpx.AsyncClient, talk: Talk, body: dict[str, object]
) -> None:
    await talk.launch()
    session = await session_of(opened, talk)
    heard: list[Portion] = []
    session.follow(heard.append)
    answer = await client.post(path_of(talk), json=body, headers=AUTH)
    assert (answer.status_code, answer.content) == (201, b"")
    await talk.say("and then")
    turns = [emission for portion in heard for emission in portion.emissions]
    assert sum(isinstance(emission.body, Completed) for emission in turns) == 2
    assert len({emission.turn for emission in turns}) == 2
    assert [emission.offset for emission in turns] == list(range(turns[0].offset, turns[-1].offset + 1))


async def test_prefer_tells_what_became_of_it(opened: Opened, client: httpx.AsyncClient, talk: Talk) -> None:
    headers = AUTH | {"prefer": "return=representation"}
    answer = await client.post(path_of(talk), json=BODIES[4], headers=headers)
    assert answer.status_code == 201
    assert answer.json() == {"status": "no_active_connection", "injectionID": None}
    session = await session_of(opened, talk)
    leave = session.follow(lambda _: None)
    answer = await client.post(path_of(talk), json=BODIES[4], headers=headers)
    assert answer.json()["status"] == "delivered"
    assert len(answer.json()["injectionID"]) == 24
    leave()
    answer = await client.post(path_of(talk), json=BODIES[4], headers=headers)
    assert answer.json()["status"] == "no_active_connection"


async def test_events_wait_their_turn_in_order(opened: Opened, client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.launch()
    session = await session_of(opened, talk)
    heard: list[Portion] = []
    session.follow(heard.append)
    for text in "abcdef":
        await client.post(path_of(talk), json={"action": {"type": "text", "payload": text}}, headers=AUTH)
    await talk.say("last")
    said = [
        bytes(emission.body.data)
        for portion in heard
        for emission in portion.emissions
        if isinstance(emission.body, Traced) and emission.body.type == "text"
    ]
    assert [text for text in said if b"You said" in text] == said
    assert [chr(text[text.index(b"You said: ") + 10]) for text in said] == ["a", "b", "c", "d", "e", "f", "l"]


async def test_ended_session_is_201_without_effect(client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.send({"type": "end"})
    answer = await client.post(path_of(talk), json=BODIES[0], headers=AUTH)
    assert (answer.status_code, answer.content) == (201, b"")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "action: expected object"),
        ({"action": None}, "action: expected object"),
        ({"action": "launch"}, "action: expected object"),
        ({"action": {}}, "action.type: expected non-empty string"),
        ({"action": {"type": 5}}, "action.type: expected non-empty string"),
        ({"action": {"type": "x", "diagramID": 5, "time": 1}}, "action.diagramID: expected string"),
        ({"action": {"type": "x", "payload": 1, "time": "1"}}, "action.time: expected number"),
        ({"action": {"type": "x", "payload": 1, "metadata": []}}, "action.metadata: expected object"),
    ],
)
async def test_what_is_not_an_action_is_400(client: httpx.AsyncClient, talk: Talk, body: object, message: str) -> None:
    answer = await client.post(path_of(talk), json=body, headers=AUTH)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_it_needs_the_api_key_of_the_project_and_a_session_key(client: httpx.AsyncClient, talk: Talk) -> None:
    for headers in ({}, {"authorization": talk.key}, {"authorization": "nonsense"}):
        answer = await client.post(path_of(talk), json=BODIES[0], headers=headers)
        assert answer.status_code == 401
    for key in ("nonsense", API_KEY, talk.key[:-2] + "xx"):
        answer = await client.post(f"/v2/project/shop/session/{key}/event", json=BODIES[0], headers=AUTH)
        assert answer.status_code == 401
    answer = await client.post(path_of(talk, "other"), json=BODIES[0], headers=AUTH)
    assert answer.status_code == 404


async def test_a_stream_that_is_being_read_is_not_a_connection(client: httpx.AsyncClient, talk: Talk) -> None:
    assert events_of((await talk.stream({"type": "launch"})).content)[-1].event == "end"
    answer = await client.post(path_of(talk), json=BODIES[4], headers=AUTH | {"prefer": "return=representation"})
    assert answer.json()["status"] == "no_active_connection"


PREFER = AUTH | {"prefer": "return=representation"}


async def test_a_receipt_says_what_became_of_an_event(opened: Opened, client: httpx.AsyncClient, talk: Talk) -> None:
    await talk.launch()
    session = await session_of(opened, talk)
    session.follow(lambda _: None)
    sent = (await client.post(path_of(talk), json=BODIES[4], headers=PREFER)).json()["injectionID"]
    await talk.say("and then")
    receipt = (await client.get(f"{path_of(talk)}/{sent}", headers=AUTH)).json()
    assert (receipt["injectionID"], receipt["status"], receipt["stage"]) == (sent, "delivered", "shown")
    assert receipt["turnID"] == sent
    assert receipt["receivedAt"] <= receipt["changedAt"]
    await talk.send({"type": "end"})
    assert (await client.get(f"{path_of(talk)}/{sent}", headers=AUTH)).json() == receipt


async def test_only_events_that_asked_for_a_receipt_have_one(
    opened: Opened, client: httpx.AsyncClient, talk: Talk
) -> None:
    launched = await talk.send({"type": "launch"})
    session = await session_of(opened, talk)
    session.follow(lambda _: None)
    await client.post(path_of(talk), json=BODIES[4], headers=AUTH)
    turns = [turn.id for turn in await session.recent_turns()]
    for id in ("nothing", launched.headers["x-turn-id"], *turns):
        answer = await client.get(f"{path_of(talk)}/{id}", headers=AUTH)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_injection")
    assert (await client.get(f"{path_of(talk)}/nothing")).status_code == 401


async def test_an_event_that_is_repeated_under_its_key_is_one_event(
    opened: Opened, client: httpx.AsyncClient, talk: Talk
) -> None:
    await talk.launch()
    session = await session_of(opened, talk)
    session.follow(lambda _: None)
    plain = [await client.post(path_of(talk), json=BODIES[4], headers=AUTH | {"idempotency-key": "a"}) for _ in "12"]
    assert [(each.status_code, each.content) for each in plain] == [(201, b"")] * 2
    told = [await client.post(path_of(talk), json=BODIES[4], headers=PREFER | {"idempotency-key": "a"}) for _ in "12"]
    assert len({each.json()["injectionID"] for each in told}) == 1
    said = await talk.say("and then")
    assert len(await session.recent_turns()) == 3
    assert said == ["You said: and then"]


async def test_an_event_that_waits_when_the_session_ends_expires() -> None:
    engine = SlowEngine()
    slow = await open_house(engine=engine)
    async with slow.client() as client:
        talk = await Talk.start(client)
        session = await session_of(slow, talk)
        session.follow(lambda _: None)
        ids = [(await client.post(path_of(talk), json=BODIES[4], headers=PREFER)).json()["injectionID"] for _ in "12"]
        stages = [(await client.get(f"{path_of(talk)}/{id}", headers=AUTH)).json()["stage"] for id in ids]
        assert stages == ["accepted", "accepted"]
        await slow.house.directory.end(session.id, "ended_by_client")
        stages = [(await client.get(f"{path_of(talk)}/{id}", headers=AUTH)).json()["stage"] for id in ids]
        assert stages[1] == "expired"
