"""Seed 003: the document that is served, and every default, limit and status of its three operations."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from comparing import differences, plain
from documented import SEED
from estate_fixture import Ground, break_ground
from failing_store import FailingStore
from house_fixture import open_house
from parley.backends.clock import SystemClock
from parley.errors import StoreUnavailable
from watched_front import everything_keeps_to_the_documents

__all__ = ["everything_keeps_to_the_documents"]

ENTITY = "crm:Patient:67890"
UNKNOWN_ID = str(uuid.UUID(int=1))
MAY_BE_ADDED = {"401", "403", "422", "default"}
"""What every route answers to a bad key or path, which the seed leaves out, and the form of all other refusals."""
INJECT, START = "POST /v1/{workspace_id}/sessions/{call_sid}/inject", "POST /v1/{workspace_id}/sessions/start"


@pytest.fixture
async def store() -> FailingStore:
    return FailingStore(clock=SystemClock())


@pytest.fixture
async def ground(store: FailingStore) -> Ground:
    return await break_ground(await open_house(store=store))


@pytest.fixture
async def client(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    async with ground.client() as client:
        assert (await client.put(ground.at(f"/world/entities/{ENTITY}"), json={"display_name": "Ada"})).is_success
        yield client


@pytest.fixture
async def start_body(client: httpx.AsyncClient, ground: Ground) -> dict[str, Any]:
    """The least that starts a session."""
    service = (await client.get(ground.at("/services"))).json()["items"][0]["id"]
    return {"service_id": service, "canonical_id": ENTITY, "channel_kind": "web"}


@pytest.fixture
async def session(client: httpx.AsyncClient, ground: Ground, start_body: dict[str, Any]) -> str:
    """What a live session is called where a `call_sid` is asked for."""
    made = await client.post(ground.at("/sessions/start"), json=start_body)
    return str(made.json()["conversation_id"])


@pytest.mark.parametrize("route", sorted(SEED["routes"]))
async def test_the_served_document_says_what_the_seed_says(client: httpx.AsyncClient, route: str) -> None:
    served = (await client.get("/openapi.json")).json()
    method, path = route.split(" ")
    documented, operation = SEED["routes"][route], served["paths"][path][method.lower()]
    assert operation["operationId"] == documented["operation"]
    assert operation["tags"] == ["Sessions"]
    assert operation["security"] == [{"BearerAuth": []}]
    assert served["components"]["securitySchemes"]["BearerAuth"]["scheme"] == "bearer"
    assert set(documented["answers"]) <= set(operation["responses"]) <= set(documented["answers"]) | MAY_BE_ADDED
    parameters = {each["name"]: each for each in operation["parameters"]}
    assert (parameters["workspace_id"]["in"], parameters["workspace_id"]["schema"]["format"]) == ("path", "uuid")
    assert all(each["in"] == "path" or not each["required"] for each in parameters.values())
    names, components = SEED["schemas"], served["components"]["schemas"]
    for status, answer in documented["answers"].items():
        told = operation["responses"][status]
        assert answer.get("detail", told["description"]) == told["description"]
        if "schema" in answer:
            schema = told["content"]["application/json"]["schema"]
            assert list(differences(answer["schema"], schema, names, components, status)) == []
    if "body" in documented:
        assert operation["requestBody"]["required"] is True
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert list(differences(documented["body"], schema, names, components)) == []


def values(schema: dict[str, Any], *, is_required: bool) -> Iterator[tuple[Any, bool]]:
    """Values at the edges of a schema, and whether each is allowed."""
    found, may_be_null = plain(schema, SEED["schemas"])
    yield None, may_be_null
    yield from ((each, False) for each in (7, True, [], {}))
    if "enum" in found or "const" in found:
        yield from ((each, True) for each in found.get("enum", [found.get("const")]))
        yield from ((each, False) for each in ("", "sms", "External_event"))
    elif found.get("format") == "uuid":
        yield from ((each, False) for each in ("", "x", UNKNOWN_ID[:-1]))
    elif "pattern" in found:
        yield from ((each, False) for each in ("a:b", "a b:c:d", "a:b:c:d", "::", "a:b:", "a:b:ü", "a:b:c\n", ""))
        yield "a:b:" + "c" * (found["maxLength"] - 3), False
    else:
        yield "x" * found["maxLength"], True
        yield "ü" * found["maxLength"], True
        yield "x" * (found["maxLength"] + 1), False
        yield "", found.get("minLength", 0) == 0
    if is_required:
        yield MISSING, False


MISSING = object()


def edges(name: str) -> list[Any]:
    """Every field of a body with every value at its edges."""
    schema = SEED["schemas"][name]
    return [
        pytest.param(field, value, is_fine, id=f"{field}-{n}")
        for field, inside in schema["properties"].items()
        for n, (value, is_fine) in enumerate(values(inside, is_required=field in schema["required"]))
    ]


def changed(body: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    return {name: each for name, each in {**body, field: value}.items() if each is not MISSING}


@pytest.mark.parametrize(("field", "value", "is_fine"), edges("InjectRequest"))
async def test_an_injection_keeps_to_its_limits(
    client: httpx.AsyncClient, ground: Ground, session: str, field: str, value: Any, is_fine: bool
) -> None:
    answer = await client.post(ground.at(f"/sessions/{session}/inject"), json=changed({"message": "x"}, field, value))
    assert answer.status_code == (200 if is_fine else 422)
    if not is_fine:
        assert answer.json()["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize(("field", "value", "is_fine"), edges("StartSessionRequest"))
async def test_a_start_keeps_to_its_limits(
    client: httpx.AsyncClient, ground: Ground, start_body: dict[str, Any], field: str, value: Any, is_fine: bool
) -> None:
    body = start_body
    if field == "canonical_id" and value is None:
        entities = (await client.get(ground.at("/world/entities"))).json()["entities"]
        body = {**start_body, "entity_id": entities[0]["id"]}
    answer = await client.post(ground.at("/sessions/start"), json=changed(body, field, value))
    assert answer.status_code == (201 if is_fine else 422), answer.text
    if not is_fine:
        assert answer.json()["detail"][0]["loc"][:2] == ["body", field]


@pytest.mark.parametrize(
    "change",
    [
        {"canonical_id": MISSING},
        {"canonical_id": None},
        {"canonical_id": None, "entity_id": None},
        {"entity_id": UNKNOWN_ID},
    ],
)
async def test_a_start_names_its_entity_in_exactly_one_way(
    client: httpx.AsyncClient, ground: Ground, start_body: dict[str, Any], change: dict[str, Any]
) -> None:
    body = {name: each for name, each in {**start_body, **change}.items() if each is not MISSING}
    answer = await client.post(ground.at("/sessions/start"), json=body)
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert (found["loc"], found["msg"]) == (["body", "entity_id"], "expected exactly one of entity_id and canonical_id")


@pytest.mark.parametrize(
    "change", [{"service_id": UNKNOWN_ID}, {"canonical_id": "a:b:c"}, {"canonical_id": None, "entity_id": UNKNOWN_ID}]
)
async def test_a_start_with_what_is_not_there_is_404(
    client: httpx.AsyncClient, ground: Ground, start_body: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = await client.post(ground.at("/sessions/start"), json={**start_body, **change})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Service or entity not found.")


async def test_an_injection_without_more_is_a_fact_from_the_system(
    client: httpx.AsyncClient, ground: Ground, session: str
) -> None:
    at = ground.at(f"/sessions/{session}")
    told = (await client.post(f"{at}/inject", json={"message": "paid"})).json()
    assert (told["status"], told["call_sid"]) == ("queued_no_subscriber", session)
    receipt = (await client.get(f"{at}/injections/{told['injection_id']}")).json()
    assert (receipt["sender"], receipt["event_type"]) == ("System", "external_event")


@pytest.mark.parametrize("sid", ["CA" + "0" * 32, "sess_1", UNKNOWN_ID, "x" * 200, "%20"])
async def test_an_injection_into_what_is_not_there_is_404(client: httpx.AsyncClient, ground: Ground, sid: str) -> None:
    answer = await client.post(ground.at(f"/sessions/{sid}/inject"), json={"message": "x"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "Session not found.")


async def test_nobody_on_the_line_is_an_empty_array(client: httpx.AsyncClient, ground: Ground, session: str) -> None:
    answer = await client.get(ground.at("/sessions/active"))
    assert (answer.status_code, answer.content) == (200, b"[]")


BODIES = [(b"{", "json_invalid"), (b"\xff", "json_invalid"), (b'{"message": "\\ud800"}', "string_unicode")]
BODIES += [(b"[]", "model_attributes_type"), (b'"x"', "model_attributes_type"), (b"", "missing"), (b"{}", "missing")]


@pytest.mark.parametrize(("body", "type"), BODIES)
@pytest.mark.parametrize("kind", ["application/json", None])
async def test_a_body_that_is_no_object_is_422(
    client: httpx.AsyncClient, ground: Ground, session: str, body: bytes, type: str, kind: str | None
) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = await client.post(ground.at(f"/sessions/{session}/inject"), content=body, headers=headers)
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, type)


async def test_a_form_is_told_what_to_send(client: httpx.AsyncClient, ground: Ground, session: str) -> None:
    answer = await client.post(ground.at(f"/sessions/{session}/inject"), data={"message": "x"})
    assert (answer.status_code, answer.json()["detail"][0]["msg"]) == (
        422,
        "Send a JSON object, with content-type: application/json.",
    )


async def test_a_bad_value_is_not_sent_back_at_length(client: httpx.AsyncClient, ground: Ground, session: str) -> None:
    at = ground.at(f"/sessions/{session}/inject")
    answers = [await client.post(at, json={"message": "x", "sender": "s" * n}) for n in (201, 100_000)]
    assert all(len(answer.content) < 500 for answer in answers)
    too_long = await client.post(at, json={"message": "x" * 2_000_000})
    assert (too_long.status_code, too_long.json()["error_code"]) == (413, "body_too_large")


@asynccontextmanager
async def broken(store: FailingStore, *verbs: str) -> AsyncIterator[None]:
    store.fails = set(verbs)
    yield
    store.fails = set()


@pytest.mark.parametrize("greeting", [None, "Welcome back."])
async def test_a_start_that_cannot_be_kept_is_503_and_greets_when_it_can(
    client: httpx.AsyncClient, ground: Ground, store: FailingStore, start_body: dict[str, Any], greeting: str | None
) -> None:
    body = {**start_body, "greeting": greeting}
    for verb in ("create", "accept"):
        async with broken(store, verb):
            refused = await client.post(ground.at("/sessions/start"), json=body)
        assert (refused.status_code, refused.json()["detail"]) == (503, "Agent service unavailable.")
        assert refused.headers["retry-after"] == "1"
    made = await client.post(ground.at("/sessions/start"), json=body)
    assert made.status_code == 201
    turns = (await client.get(ground.at(f"/conversations/{made.json()['conversation_id']}"))).json()["turns"]
    assert [(turn["role"], turn["text"]) for turn in turns] == [("agent", greeting or "Hello, you!")]


async def test_a_turn_that_cannot_be_kept_is_503(
    client: httpx.AsyncClient, ground: Ground, store: FailingStore, session: str
) -> None:
    at = ground.at(f"/conversations/{session}/turns")
    for way in (at, f"{at}/stream"):
        async with broken(store, "accept"):
            refused = await client.post(way, json={"message": "hi"})
        assert (refused.status_code, refused.json()["detail"]) == (503, "Agent service unavailable")
        assert refused.json()["message"] == "The disk is full."
        assert (await client.post(way, json={"message": "hi"})).status_code == 200


async def test_an_injection_that_cannot_be_kept_is_503(
    client: httpx.AsyncClient, ground: Ground, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise StoreUnavailable("The disk is full.")

    at = ground.at(f"/sessions/{session}/inject")
    with monkeypatch.context() as now:
        now.setattr(ground.opened.store.records, "add", fail)
        refused = await client.post(at, json={"message": "x"}, headers={"idempotency-key": "k"})
    assert (refused.status_code, refused.json()["detail"]) == (503, "Voice agent service unavailable.")
    taken = await client.post(at, json={"message": "x"}, headers={"idempotency-key": "k"})
    assert (taken.status_code, taken.json()["status"]) == (200, "queued_no_subscriber")


async def test_two_starts_at_once_say_one_greeting(
    client: httpx.AsyncClient, ground: Ground, start_body: dict[str, Any]
) -> None:
    body = {**start_body, "greeting": "Welcome back."}
    made = await asyncio.gather(*(client.post(ground.at("/sessions/start"), json=body) for _ in range(6)))
    (conversation,) = {each.json()["conversation_id"] for each in made}
    turns = (await client.get(ground.at(f"/conversations/{conversation}"))).json()["turns"]
    assert [turn["text"] for turn in turns] == ["Welcome back."]


async def test_a_key_that_is_over_opens_nothing_and_another_workspaces_key_is_403(ground: Ground, session: str) -> None:
    _, over = await ground.estate.keys.create(ground.ours.id, "owner", 0)
    for key, status, code in (
        ("", 401, "key_missing"),
        ("pk_0_x", 401, "unauthorized"),
        (over, 401, "key_expired"),
        (ground.keys["viewer"], 403, "forbidden"),
        (ground.foreign_key, 403, "forbidden"),
    ):
        async with ground.client(key) as caller:
            answer = await caller.post(ground.at(f"/sessions/{session}/inject"), json={"message": "x"})
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)
        assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
