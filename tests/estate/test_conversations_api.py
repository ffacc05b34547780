"""Conversations and their turns over HTTP (platform API, section 3; seed 003, `sessions/start`)."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import httpx
import pytest

from estate_fixture import Ground, break_ground
from failing_store import FailingStore
from house_fixture import open_house
from parley.backends.clock import StillClock, SystemClock
from parley.engine.turn import Turn

ENTITY = "crm:Patient:67890"


@pytest.fixture
async def service(client: httpx.AsyncClient, ground: Ground) -> str:
    await client.put(ground.at(f"/world/entities/{ENTITY}"), json={"display_name": "Ada"})
    return str((await client.get(ground.at("/services"))).json()["items"][0]["id"])


async def started(client: httpx.AsyncClient, ground: Ground, service: str, **more: Any) -> dict[str, Any]:
    body = {"service_id": service, "canonical_id": ENTITY, "channel_kind": "web", **more}
    answer = await client.post(ground.at("/sessions/start"), json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def events(text: str) -> list[str]:
    return [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]


async def test_a_session_starts_once_for_a_person(client: httpx.AsyncClient, ground: Ground, service: str) -> None:
    made = await started(client, ground, service)
    assert set(made) == {
        "conversation_id",
        "session_status",
        "channel_kind",
        "entity_id",
        "service_id",
        "created_at",
    }
    assert (made["session_status"], made["channel_kind"], made["service_id"]) == ("created", "web", service)
    again = await started(client, ground, service, canonical_id=None, entity_id=made["entity_id"])
    assert again == {**made, "session_status": "already_active"}


async def test_two_starts_at_once_make_one_conversation(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    made = await asyncio.gather(*(started(client, ground, service) for _ in range(6)))
    assert len({each["conversation_id"] for each in made}) == 1
    assert sorted(each["session_status"] for each in made) == ["already_active"] * 5 + ["created"]


async def test_a_conversation_greets_takes_turns_and_closes(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    made = await client.post(ground.at("/conversations"), json={"service_id": service})
    assert made.status_code == 201
    talk = made.json()
    assert [(turn["role"], turn["text"]) for turn in talk["turns"]] == [("agent", "Hello, you!")]
    assert (talk["status"], talk["lifecycle"], talk["channel_kind"]) == ("active", "active", "web")
    at = ground.at(f"/conversations/{talk['id']}")
    turn = (await client.post(f"{at}/turns", json={"message": "hi"})).json()
    assert turn["input"]["text"] == "hi"
    assert [each["text"] for each in turn["output"]] == ["You said: hi"]
    assert turn["conversation"]["id"] == talk["id"]
    read = (await client.get(at)).json()
    assert [each["text"] for each in read["turns"]] == ["Hello, you!", "hi", "You said: hi"]
    assert (await client.delete(at)).status_code == 204
    assert (await client.delete(at)).status_code == 204
    assert (await client.get(at)).json()["status"] == "closed"
    for path in ("/turns", "/turns/stream"):
        refused = await client.post(f"{at}{path}", json={"message": "hi"})
        assert (refused.status_code, refused.json()["detail"]) == (409, "Conversation is closed.")


async def test_a_turn_is_a_stream_where_it_is_asked_for(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service, "auto_greet": False})).json()
    assert talk["turns"] == []
    at = ground.at(f"/conversations/{talk['id']}/turns")
    launched = await client.post(f"{at}/stream", json={"message": "hi"})
    assert launched.headers["content-type"].startswith("text/event-stream")
    assert events(launched.text) == ["token", "message", "done"]
    sniffed = await client.post(at, json={"message": "again"}, headers={"accept": "text/event-stream"})
    assert 'data: {"role":"agent","text":"You said: again"}' in sniffed.text
    assert f'"conversation_id":"{talk["id"]}"' in sniffed.text


async def test_a_flow_that_ends_completes_the_conversation(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    at = ground.at(f"/conversations/{talk['id']}")
    assert (await client.post(f"{at}/turns", json={"message": "bye"})).json()["conversation"]["status"] == "completed"
    assert (await client.post(f"{at}/turns", json={"message": "hi"})).status_code == 409
    listed = (await client.get(ground.at("/conversations?status=completed"))).json()
    assert [each["id"] for each in listed["items"]] == [talk["id"]]
    assert (await client.get(ground.at("/conversations?status=active"))).json()["items"] == []


async def test_the_same_key_is_the_same_turn(client: httpx.AsyncClient, ground: Ground, service: str) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    at = ground.at(f"/conversations/{talk['id']}")
    key = {"idempotency-key": str(uuid.uuid4())}
    turns = [(await client.post(f"{at}/turns", json={"message": "hi"}, headers=key)).json() for _ in range(2)]
    assert turns[0]["turn_id"] == turns[1]["turn_id"]
    assert turns[0]["output"] == turns[1]["output"]
    assert len((await client.get(at)).json()["turns"]) == 3


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 257])
async def test_a_key_that_names_nothing_is_refused(
    client: httpx.AsyncClient, ground: Ground, service: str, key: str
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    at = ground.at(f"/conversations/{talk['id']}/turns")
    answer = await client.post(at, json={"message": "hi"}, headers={"idempotency-key": key})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]


async def test_turns_at_once_are_taken_one_after_another(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    at = ground.at(f"/conversations/{talk['id']}")
    said = await asyncio.gather(*(client.post(f"{at}/turns", json={"message": str(n)}) for n in range(5)))
    assert sorted(each.json()["output"][0]["text"] for each in said) == [f"You said: {n}" for n in range(5)]
    texts = [turn["text"] for turn in (await client.get(at)).json()["turns"]][1:]
    assert texts == [text for n in texts[::2] for text in (n, f"You said: {n}")]


async def test_pages_of_conversations_are_newest_first(client: httpx.AsyncClient, ground: Ground, service: str) -> None:
    made = [
        (await client.post(ground.at("/conversations"), json={"service_id": service})).json()["id"] for _ in range(3)
    ]
    first = (await client.get(ground.at("/conversations?limit=2"))).json()
    assert ([each["id"] for each in first["items"]], first["total"], first["has_more"]) == (made[:0:-1], 3, True)
    rest = (await client.get(ground.at("/conversations?limit=2&offset=2"))).json()
    assert ([each["id"] for each in rest["items"]], rest["has_more"]) == (made[:1], False)
    assert (await client.get(ground.at("/conversations?channel_kind=voice"))).json()["items"] == []
    for bad in ("limit=0", "limit=101", "offset=-1", "status=open", "channel_kind=fax"):
        assert (await client.get(ground.at(f"/conversations?{bad}"))).status_code == 422


async def test_a_conversation_of_another_workspace_is_not_found(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    async with ground.client(ground.foreign_key) as stranger:
        at = f"/v1/{ground.foreign.id}/conversations"
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/turns"), ("POST", "/turns/stream")):
            for id in (talk["id"], str(uuid.uuid4())):
                answer = await stranger.request(method, f"{at}/{id}{path}", json={"message": "hi"})
                assert (answer.status_code, answer.json()["detail"]) == (404, "Conversation not found.")
        assert (await stranger.get(at)).json()["items"] == []
        body = {"service_id": service, "canonical_id": ENTITY, "channel_kind": "web"}
        assert (await stranger.post(f"/v1/{ground.foreign.id}/sessions/start", json=body)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": "x" * 10_001}, {"message": 3}])
async def test_a_turn_without_words_is_refused(
    client: httpx.AsyncClient, ground: Ground, service: str, body: dict[str, Any]
) -> None:
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
    at = ground.at(f"/conversations/{talk['id']}")
    assert (await client.post(f"{at}/turns", json=body)).status_code == 422


async def test_a_greeting_that_is_given_is_what_the_agent_says_first(
    client: httpx.AsyncClient, ground: Ground, service: str
) -> None:
    made = await started(client, ground, service, greeting="Welcome back, Ada.")
    at = ground.at(f"/conversations/{made['conversation_id']}")
    assert [(t["role"], t["text"]) for t in (await client.get(at)).json()["turns"]] == [("agent", "Welcome back, Ada.")]
    said = (await client.post(f"{at}/turns", json={"message": "hi"})).json()["output"]
    assert [turn["text"] for turn in said] == ["You said: hi"], "the agent was where it is after words of its own"
    again = await started(client, ground, service, greeting="Welcome again.")
    assert again["session_status"] == "already_active"
    assert "Welcome again." not in (await client.get(at)).text


async def test_a_turn_that_cannot_be_saved_ends_its_stream_with_an_error_and_may_be_tried_again() -> None:
    store = FailingStore(clock=SystemClock())
    ground = await break_ground(await open_house(store=store))
    async with ground.client() as client:
        service = (await ground.estate.services.of(ground.ours))[0].id
        made = (await client.post(ground.at("/conversations"), json={"service_id": service})).json()
        at, headers = ground.at(f"/conversations/{made['id']}/turns/stream"), {"idempotency-key": "once"}
        store.fails = {"commit"}
        failed = await client.post(at, json={"message": "fish"}, headers=headers)
        assert failed.status_code == 200
        assert events(failed.text)[-1] == "error"
        assert "done" not in events(failed.text)
        told = json.loads(failed.text.rstrip().splitlines()[-1].removeprefix("data: "))
        assert told == {
            "message": told["message"],
            "code": "upstream_error",
            "retryable": True,
            "status_code": 503,
        }
        store.fails = set()
        again = await client.post(at, json={"message": "fish"}, headers=headers)
        assert events(again.text) == ["token", "message", "done"]
        shown = (await client.get(ground.at(f"/conversations/{made['id']}"))).json()["turns"]
        assert [turn["text"] for turn in shown] == ["Hello, you!", "fish", "You said: fish"]


async def test_a_quiet_stream_is_kept_open_with_comments() -> None:
    clock, began, goes_on = StillClock(now_ms=2_000_000_000_000), asyncio.Event(), asyncio.Event()

    async def slow(turn: Turn) -> None:
        began.set()
        await goes_on.wait()

    ground = await break_ground(await open_house(clock=clock, engine=slow))
    async with ground.client() as client:
        service = (await ground.estate.services.of(ground.ours))[0].id
        body = {"service_id": service, "auto_greet": False}
        made = (await client.post(ground.at("/conversations"), json=body)).json()
        at = ground.at(f"/conversations/{made['id']}/turns/stream")
        asked = asyncio.create_task(client.post(at, json={"message": "fish"}))
        await began.wait()
        for _ in range(20):
            await clock.advance(5)
        goes_on.set()
        told = (await asked).text
        assert told.startswith(": keep-alive\n\n")
        assert events(told) == ["done"]
