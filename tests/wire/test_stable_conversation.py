"""A user's conversation on the stable API, and its state (Conversations API, section 2.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from estate_fixture import Ground
from house_fixture import API_KEY
from wire.stable_house import (
    LAUNCH,
    MESSAGE,
    NOWHERE,
    ON_MAIN,
    PROBLEM,
    STATE,
    V1,
    Stable,
    open_stable,
    shop,
    split,
    stable,
)

DRAFT = {**ON_MAIN, "version": "draft"}
LIVE = {**ON_MAIN, "version": "published"}


@pytest.fixture
async def ground() -> Ground:
    return await open_stable()


@pytest.fixture
async def client(ground: Ground) -> AsyncIterator[Stable]:
    async with stable(ground) as client:
        yield client


async def state(client: Stable, user: str = "ada", query: dict[str, str] = LIVE) -> dict[str, Any]:
    return (await client.ask("GET", f"/conversation-state/{user}", STATE, query=query))["state"]  # type: ignore[no-any-return]


async def test_the_user_is_the_conversation(client: Stable) -> None:
    assert await client.launch("ada") == ["Hello."]
    assert await client.say("ada", "tea") == ["Noted: tea"]
    assert await client.launch("bob") == ["Hello."]
    assert await client.say("ada", "cake") == ["Noted: cake"]


async def test_nothing_is_left_out_unless_it_is_asked_for(client: Stable) -> None:
    whole = {trace["type"] for trace in await client.send("ada", LAUNCH)}
    assert {"text", "debug"} <= whole
    without = {trace["type"] for trace in await client.send("bob", LAUNCH, config={"excludeTypes": ["debug"]})}
    assert without == whole - {"debug"}


async def test_a_named_session_is_continued_while_it_lives(ground: Ground, client: Stable) -> None:
    async with ground.client(API_KEY) as raw:
        body = {"action": LAUNCH, "version": "published"}
        answer = await raw.put(f"{V1}/conversation/ada", params=ON_MAIN, json=body)
    session = answer.headers["x-session-id"]
    assert await client.say("ada", "tea", sessionID=session) == ["Noted: tea"]
    named = {"action": LAUNCH, "version": "published", "sessionID": session}
    assert "Leave sessionID out" in await client.refused("PUT", "/conversation/bob", named, 404)
    assert "Leave sessionID out" in await client.refused("PUT", "/conversation/ada", {**named, "version": "draft"}, 404)
    await ground.opened.house.directory.end(session, "closed")  # type: ignore[arg-type]
    assert "Leave sessionID out" in await client.refused("PUT", "/conversation/ada", named, 404)


async def test_a_repeat_under_one_key_is_one_turn(client: Stable) -> None:
    await client.launch("ada")
    body = {"action": {"type": "text", "payload": "tea"}, "version": "published"}
    path, named = "/conversation/ada", {"idempotency-key": "once"}
    first = await client.ask("PUT", path, {}, body, headers=named)
    assert await client.ask("PUT", path, {}, body, headers=named) == first


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "action"),
        ({"action": LAUNCH}, "version"),
        ({"action": LAUNCH, "version": "live"}, "version"),
        ({"action": {"payload": 1}, "version": "draft"}, "action.type"),
        ({"action": {"type": "text"}, "version": "draft"}, "action.payload"),
        ({"action": LAUNCH, "version": "draft", "config": {"excludeTypes": "debug"}}, "config.excludeTypes"),
        ({"action": LAUNCH, "version": "draft", "sessionID": 3}, "sessionID"),
        ([], "body"),
    ],
)
async def test_a_bad_turn_is_told_what_is_wrong(client: Stable, body: Any, said: str) -> None:
    assert said in await client.refused("PUT", "/conversation/ada", body, 400)


async def test_an_environment_must_be_named_and_exist(client: Stable) -> None:
    body = {"action": LAUNCH, "version": "draft"}
    for alias in ("nope", "production"):
        query = {**ON_MAIN, "environmentAlias": alias}
        answer = await client.ask("PUT", "/conversation/ada", PROBLEM, body, status=400, query=query)
        assert (answer["statusCode"], answer["message"]) == (400, NOWHERE)
    message = await client.refused("PUT", "/conversation/ada", body, 400, query={"projectID": "shop"})
    assert message.startswith("environmentAlias")


async def test_a_user_has_an_id_of_at_most_256_characters(client: Stable) -> None:
    assert await client.launch("u" * 256) == ["Hello."]
    body = {"action": LAUNCH, "version": "published"}
    assert "userID" in await client.refused("PUT", "/conversation/" + "u" * 257, body, 400)


async def test_draft_and_published_are_two_conversations_of_which_one_lives(client: Stable) -> None:
    await client.launch("ada", "draft")
    await client.say("ada", "tea", "draft")
    assert (await state(client, query=DRAFT))["variables"]["heard"] == "tea"
    assert await state(client, query=LIVE) == {"stack": [], "storage": {}, "variables": {}}
    await client.launch("ada")
    assert (await state(client, query=DRAFT))["stack"] == []
    (live, tried) = await client.search(environmentAlias="main")
    assert (live["version"], tried["version"]) == ("published", "draft")
    assert tried["endedAt"] is not None and live["endedAt"] is None


async def test_many_first_turns_at_once_make_one_conversation(client: Stable) -> None:
    await client.launch("ada")
    await asyncio.gather(*(client.say("ada", f"{n}", "draft") for n in range(8)))
    assert len(await client.search(version="draft")) == 1


async def test_a_launch_begins_on_what_is_served_now(ground: Ground, client: Stable) -> None:
    await client.launch("ada")
    await ground.opened.house.catalog.serve(shop("Welcome."))
    assert await client.say("ada", "tea") == ["Noted: tea"]
    assert await client.launch("ada") == ["Welcome."]


async def test_environments_are_apart() -> None:
    ground = await open_stable(shop(more=(split("Hello from candidate.", 0),)))
    async with stable(ground) as client:
        elsewhere = {"projectID": "shop", "environmentAlias": "candidate"}
        assert await client.launch("ada", query=elsewhere) == ["Hello from candidate."]
        assert await client.launch("ada") == ["Hello."]


async def test_the_state_is_read_replaced_and_reset(client: Stable) -> None:
    path = "/conversation-state/ada"
    assert await state(client) == {"stack": [], "storage": {}, "variables": {}}
    await client.launch("ada")
    was = await state(client)
    assert was["stack"][0]["nodeID"] == "listen"
    changed = {**was, "variables": {**was["variables"], "name": "Ada"}}
    await client.ask("PATCH", path, MESSAGE, changed, query=LIVE)
    assert (await state(client))["variables"]["name"] == "Ada"
    await client.ask("PATCH", f"{path}/variables", MESSAGE, {"variables": {"heard": "tea", "user_id": "x"}}, query=LIVE)
    variables = (await state(client))["variables"]
    assert (variables["heard"], variables["name"], variables["user_id"]) == ("tea", "Ada", "ada")
    await client.ask("DELETE", path, MESSAGE, query=LIVE)
    now = await state(client)
    assert (now["stack"], now["storage"], now["variables"]["name"]) == ([], {}, "Ada")


async def test_a_reset_of_what_never_was_begins_nothing(client: Stable) -> None:
    await client.ask("DELETE", "/conversation-state/ada", MESSAGE, query=LIVE)
    assert await client.search() == []


async def test_variables_can_be_set_before_the_first_turn(client: Stable) -> None:
    await client.ask("PATCH", "/conversation-state/ada/variables", MESSAGE, {"variables": {"name": "A"}}, query=DRAFT)
    assert (await state(client, query=DRAFT))["variables"]["name"] == "A"
    assert await state(client, query=LIVE) == {"stack": [], "storage": {}, "variables": {}}


FRAME = {"diagramID": "main", "name": None, "storage": {}, "variables": {}}
WHOLE = {"stack": [FRAME], "storage": {}, "variables": {}}


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PATCH", "", {"storage": {}, "variables": {}}, "stack"),
        ("PATCH", "", {**WHOLE, "turn": {}}, "turn"),
        ("PATCH", "", {**WHOLE, "stack": [{"diagramID": "main"}]}, "stack"),
        ("PATCH", "", {**WHOLE, "stack": [{**FRAME, "diagramID": "nowhere"}]}, "stack[0].diagramID"),
        ("PATCH", "", {**WHOLE, "stack": [{**FRAME, "nodeID": "nowhere"}]}, "stack[0].nodeID"),
        ("PATCH", "", {**WHOLE, "variables": {"heard": "x" * 300_000}}, "variables"),
        ("PATCH", "/variables", {"heard": "tea"}, "heard"),
        ("PATCH", "/variables", {}, "variables"),
        ("PATCH", "/variables", {"variables": {"heard": "x" * 300_000}}, "variables"),
        ("PATCH", "/variables", {"variables": []}, "variables"),
    ],
)
async def test_a_bad_state_is_told_what_is_wrong(client: Stable, method: str, path: str, body: Any, said: str) -> None:
    assert said in await client.refused(method, f"/conversation-state/ada{path}", body, 400, query=LIVE)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_state_is_of_a_version_and_an_environment(client: Stable, method: str) -> None:
    path = "/conversation-state/ada"
    assert "version" in await client.refused(method, path, WHOLE, 400, query=ON_MAIN)
    assert "version" in await client.refused(method, path, WHOLE, 400, query={**ON_MAIN, "version": "old"})
    assert await client.refused(method, path, WHOLE, 400, query={**LIVE, "environmentAlias": "nope"}) == NOWHERE


async def test_a_conversation_that_an_api_key_begins_goes_on_with_a_workspace_key(ground: Ground) -> None:
    async with stable(ground) as first, stable(ground, ground.keys["member"]) as second:
        await first.launch("ada")
        assert await second.say("ada", "tea") == ["Noted: tea"]


async def test_a_key_is_taken_with_and_without_bearer(ground: Ground) -> None:
    transport = httpx.ASGITransport(app=ground.front)
    body = {"action": LAUNCH, "version": "published"}
    async with httpx.AsyncClient(transport=transport, base_url="http://parley.test") as client:
        for key in (API_KEY, ground.keys["member"]):
            for header in (key, f"Bearer {key}", f"bearer {key}"):
                answer = await client.put(
                    f"{V1}/conversation/ada", params=ON_MAIN, json=body, headers={"authorization": header}
                )
                assert answer.status_code == 200
