"""The turn of the older widget, without a key (engine, section 1.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from house_fixture import API_KEY, Opened, messages, open_house, project
from parley.domain.program import Settings
from wire.widget_house import ORIGIN, open_widget_house

INTERACT = "/public/shop/state/user/ada/interact"
TEXT = {"type": "text", "payload": "hi"}


@pytest.fixture
async def guarded() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a house whose one project names its origins."""
    async with (await open_house(project(origins=(ORIGIN,)))).client() as client:
        yield client


async def interact(client: httpx.AsyncClient, action: Any, path: str = INTERACT, **more: Any) -> httpx.Response:
    return await client.post(path, json={"action": action, **more})


async def test_a_turn_is_answered_with_its_trace(client: httpx.AsyncClient) -> None:
    answer = await interact(client, {"type": "launch"})
    assert answer.status_code == 200
    assert list(answer.json()) == ["trace"]
    assert messages(answer.json()["trace"]) == ["Hello, you!"]
    assert messages((await interact(client, TEXT)).json()["trace"]) == ["You said: hi"]


async def test_old_widgets_send_null_payloads(client: httpx.AsyncClient) -> None:
    answer = await interact(client, {"type": "launch", "payload": None})
    assert messages(answer.json()["trace"]) == ["Hello, you!"]


async def test_the_users_session_is_the_same_with_and_without_a_key(client: httpx.AsyncClient) -> None:
    await interact(client, {"type": "launch"})
    headers = {"authorization": API_KEY}
    answer = await client.post("/state/user/ada/interact", json={"action": TEXT}, headers=headers)
    assert messages(answer.json()) == ["You said: hi"]


async def test_who_has_no_key_sets_no_variables(client: httpx.AsyncClient) -> None:
    answer = await interact(client, {"type": "launch"}, state={"variables": {"name": "Eve"}}, variables={"name": "Eve"})
    assert messages(answer.json()["trace"]) == ["Hello, you!"]
    assert messages((await client.post(INTERACT, json={"request": TEXT})).json()["trace"]) == []


async def test_config_shapes_the_answer(client: httpx.AsyncClient) -> None:
    answer = await interact(client, {"type": "launch"}, config={"excludeTypes": ["text"]})
    assert messages(answer.json()["trace"]) == []


async def test_block_debug_and_flow_are_left_out_by_default(client: httpx.AsyncClient) -> None:
    kinds = {trace["type"] for trace in (await interact(client, {"type": "launch"})).json()["trace"]}
    assert not kinds & {"block", "debug", "flow"}


async def test_the_version_header_names_the_environment(client: httpx.AsyncClient) -> None:
    for name in ("production", "development", "main"):
        answer = await client.post(INTERACT, json={"action": {"type": "launch"}}, headers={"versionID": name})
        assert messages(answer.json()["trace"]) == ["Hello, you!"]
    refused = await client.post(INTERACT, json={"action": {"type": "launch"}}, headers={"versionID": "nope"})
    assert refused.status_code == 400
    assert refused.json()["name"] == "verror"


async def test_an_ended_conversation_begins_anew(client: httpx.AsyncClient) -> None:
    await interact(client, {"type": "launch"})
    await interact(client, {"type": "text", "payload": "bye"})
    assert messages((await interact(client, {"type": "launch"})).json()["trace"]) == ["Hello, you!"]


async def test_a_repeated_key_is_one_turn(client: httpx.AsyncClient) -> None:
    await interact(client, {"type": "launch"})
    headers = {"Idempotency-Key": "one"}
    first = await client.post(INTERACT, json={"action": TEXT}, headers=headers)
    second = await client.post(INTERACT, json={"action": TEXT}, headers=headers)
    assert first.content == second.content
    assert first.headers["x-turn-id"] == second.headers["x-turn-id"]


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", ORIGIN + ":8443", ORIGIN.upper()])
async def test_other_pages_are_refused(guarded: httpx.AsyncClient, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await guarded.post(INTERACT, json={"action": {"type": "launch"}}, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_a_refusal_says_so_in_the_old_words(tmp_path: Path) -> None:
    opened = await open_widget_house(tmp_path, project(origins=(ORIGIN,)), project("open"))
    async with opened.client() as client:
        headers = {"origin": "https://evil.example"}
        answer = await client.post(INTERACT, json={"action": {"type": "launch"}}, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"], told["status"]) == (403, 403, "Forbidden")
    assert told["data"] == "Forbidden: Invalid Origin"


async def test_pages_of_the_project_are_served(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.post(INTERACT, json={"action": {"type": "launch"}}, headers={"origin": ORIGIN})
    assert messages(answer.json()["trace"]) == ["Hello, you!"]
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_a_page_may_ask_before_it_sends(guarded: httpx.AsyncClient) -> None:
    headers = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,versionid",
    }
    answer = await guarded.options(INTERACT, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "content-type,versionid"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"action":"text"}',
        b'{"action":{}}',
        b'{"action":{"type":7}}',
        b'{"action":{"type":"text","payload":7}}',
        b'{"action":{"type":"launch"},"config":[]}',
        b'{"action":{"type":"launch"},"config":{"tts":"yes"}}',
        b'{"action":{"type":"launch"},"config":{"excludeTypes":"text"}}',
        b'{"action":{"type":"text","payload":"\\ud800"}}',
        b'{"action":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
async def test_bodies_that_make_no_sense_are_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(INTERACT, content=body)
    assert answer.status_code == 400
    assert answer.json()["name"] in ("verror", "SyntaxError")


@pytest.mark.parametrize("user", ["x" * 129, "%00", "%ff"])
async def test_users_that_cannot_be_are_400(client: httpx.AsyncClient, user: str) -> None:
    answer = await interact(client, {"type": "launch"}, f"/public/shop/state/user/{user}/interact")
    assert answer.status_code == 400


async def test_an_unknown_project_is_404_in_the_old_words(client: httpx.AsyncClient) -> None:
    answer = await interact(client, {"type": "launch"}, "/public/nope/state/user/ada/interact")
    assert answer.status_code == 404
    assert answer.json()["data"] == "Model not found. Ensure project is properly rendered."


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    opened: Opened = await open_house(project(settings=Settings()), body_limit=100)
    async with opened.client() as client:
        answer = await interact(client, {"type": "text", "payload": "x" * 200})
    assert answer.status_code == 413
