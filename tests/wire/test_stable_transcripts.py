"""Transcripts on the stable API: search, get, properties and their values (Conversations API, section 9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from estate_fixture import Ground
from parley.backends.clock import StillClock
from parley.domain.actions import authored, joined, left
from parley.domain.ids import SessionID
from parley.session.handle import Post
from wire.stable_house import (
    MESSAGE,
    NOWHERE,
    ON_MAIN,
    PROPERTY,
    TRANSCRIPT,
    Stable,
    open_stable,
    said,
    shape,
    shop,
    some,
    split,
    stable,
)

NOON = 1_769_860_800_000
"""2026-01-31T12:00:00Z"""
ONE = shape(property=PROPERTY)
ALL = shape(properties=some(PROPERTY))
PATH = "/transcript-property"


@pytest.fixture
def clock() -> StillClock:
    return StillClock(NOON)


@pytest.fixture
async def ground(clock: StillClock) -> Ground:
    return await open_stable(clock=clock)


@pytest.fixture
async def client(ground: Ground) -> AsyncIterator[Stable]:
    async with stable(ground) as client:
        yield client


async def talked(client: Stable, user: str, text: str) -> str:
    """The transcript of a user who said this."""
    await client.launch(user)
    await client.say(user, text)
    return next(each["id"] for each in await client.search() if each["userID"] == user)


async def made(client: Stable, name: str, kind: str) -> str:
    """The id of a new property."""
    return str((await client.ask("POST", PATH, ONE, {"name": name, "type": kind}, status=201))["property"]["id"])


async def give(client: Stable, property: str, transcript: str, value: str) -> None:
    body = {"value": value, "transcriptID": transcript}
    await client.ask("PUT", f"{PATH}/{property}/value", MESSAGE, body)


async def users(client: Stable, *filters: dict[str, Any], **asked: Any) -> list[str]:
    return sorted(each["userID"] for each in await client.search(filters=list(filters), **asked))


async def test_a_transcript_is_a_session_with_all_that_was_done_and_said(ground: Ground, client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    await client.send("ada", {"type": "end"})
    whole = (await client.ask("GET", f"/transcript/{id}", TRANSCRIPT))["transcript"]
    assert (whole["id"], whole["sessionID"], whole["userID"], whole["projectID"]) == (id, id, "ada", "shop")
    assert (whole["createdAt"], whole["environmentAlias"]) == ("2026-01-31T12:00:00.000Z", "main")
    assert whole["endedAt"] == "2026-01-31T12:00:00.000Z"
    kinds = [line["type"] for line in whole["logs"]]
    assert kinds.count("action") == 3 and kinds[0] == "action" and kinds[-1] == "end"
    assert whole["logs"][0]["data"] == {"type": "launch"}
    traces = [line["data"] for line in whole["logs"] if line["type"] == "trace"]
    assert said(traces) == ["Hello.", "Noted: tea"]
    assert {line["createdAt"] for line in whole["logs"]} == {"2026-01-31"}


async def test_changes_of_the_state_are_no_lines(client: Stable) -> None:
    await client.launch("ada")
    query = {"projectID": "shop", "environmentAlias": "main", "version": "published"}
    await client.ask("PATCH", "/conversation-state/ada/variables", MESSAGE, {"variables": {"name": "A"}}, query=query)
    (found,) = await client.search()
    whole = (await client.ask("GET", f"/transcript/{found['id']}", TRANSCRIPT))["transcript"]
    assert [line["data"]["type"] for line in whole["logs"] if line["type"] == "action"] == ["launch"]


async def test_a_search_by_user(client: Stable) -> None:
    for user in ("ada", "bert", "ada"):
        await client.send(user, {"type": "end"})
    assert [each["userID"] for each in await client.search(userID="ada")] == ["ada", "ada"]
    assert await client.search(userID="eve") == []


async def test_what_the_server_does_of_itself_is_no_line(ground: Ground, client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    session = await ground.opened.house.directory.find(SessionID(id))
    for action in (joined("op", "Eve", 2**50, "key-id"), authored("Hi, Eve here.", "op", "Eve"), left("op")):
        await (await session.post(Post(action))).whole()
    whole = (await client.ask("GET", f"/transcript/{id}", TRANSCRIPT))["transcript"]
    assert [line["data"]["type"] for line in whole["logs"] if line["type"] == "action"] == ["launch", "text"]
    assert "key-id" not in str(whole) and "Hi, Eve here." in str(whole)


async def test_numbers_may_have_a_point(client: Stable) -> None:
    for n in range(3):
        await client.launch(f"user-{n}")
    assert len(await client.search(take=2.0, skip=1.0)) == 2
    assert len(await client.search(take=2.5)) == 2
    assert "skip" in await client.refused("POST", "/transcript/search", {"skip": 0.5}, 400)
    assert "take" in await client.refused("POST", "/transcript/search", {"take": 0.5}, 400)


@pytest.mark.parametrize("id", ["0" * 24, "nope", "%00"])
async def test_a_transcript_that_is_not_there_is_404(client: Stable, id: str) -> None:
    assert "no transcript" in await client.refused("GET", f"/transcript/{id}", None, 404)


async def test_another_projects_transcript_is_not_there(ground: Ground, client: Stable) -> None:
    query = {"projectID": "bank", "environmentAlias": "main"}
    await client.send("eve", {"type": "launch"}, query=query)
    assert await client.search() == []
    async with ground.client(ground.foreign_key) as raw:
        answer = await raw.post("/v1/stable/transcript/search", params={"projectID": "bank"}, json={})
    (foreign,) = answer.json()["transcripts"]
    assert "no transcript" in await client.refused("GET", f"/transcript/{foreign['id']}", None, 404)
    property = await made(client, "mood", "string")
    body = {"value": "x", "transcriptID": foreign["id"]}
    assert "no transcript" in await client.refused("PUT", f"{PATH}/{property}/value", body, 404)


async def test_a_search_tells_20_newest_first_and_pages_by_take_and_skip(client: Stable, clock: StillClock) -> None:
    for n in range(23):
        await client.launch(f"user-{n:02}")
        await clock.advance(1)
    names = [each["userID"] for each in await client.search()]
    assert names == [f"user-{n:02}" for n in range(22, 2, -1)]
    assert [each["userID"] for each in await client.search(take=2, skip=1)] == ["user-21", "user-20"]
    assert len(await client.search(take=100)) == 23
    assert await client.search(skip=23) == []


async def test_a_search_by_time_environment_session_and_version(clock: StillClock) -> None:
    ground = await open_stable(shop(more=(split("Hi.", 0),)), clock=clock)
    async with stable(ground) as client:
        await client.launch("ada")
        await clock.advance(60)
        await client.launch("bob", "draft")
        await clock.advance(60)
        elsewhere = {"projectID": "shop", "environmentAlias": "candidate"}
        await client.launch("eve", query=elsewhere)
        assert await users(client, startDate="2026-01-31T12:01:00Z") == ["bob", "eve"]
        assert await users(client, endDate="2026-01-31T12:01:00.000Z") == ["ada", "bob"]
        assert await users(client, environmentAlias="candidate") == ["eve"]
        assert await users(client, version="published") == ["ada"]
        assert await users(client, version="draft") == ["bob"]
        assert await users(client, version="published", environmentAlias="candidate") == ["eve"]
        (ada,) = await client.search(endDate="2026-01-31T12:00:00Z")
        assert await users(client, sessionID=ada["id"]) == ["ada"]
        assert await users(client, sessionID=ada["id"], environmentAlias="candidate") == []
        assert await users(client, sessionID="nope") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"take": 0}, "take"),
        ({"take": 101}, "take"),
        ({"take": "many"}, "take"),
        ({"skip": -1}, "skip"),
        ({"skip": 1.5}, "skip"),
        ({"startDate": "yesterday"}, "startDate"),
        ({"endDate": "2026-01-31"}, "endDate"),
        ({"endDate": "2026-02-30T00:00:00Z"}, "endDate"),
        ({"endDate": "2026-01-31T00:00:00+01:00"}, "endDate"),
        ({"version": "live"}, "version"),
        ({"environmentAlias": "nope"}, NOWHERE),
        ({"sort": "up"}, "sort"),
        ({"filters": {}}, "filters"),
        ({"filters": [{"op": "eq", "value": 1}]}, "filters[0].id"),
        ({"filters": [{"id": "x", "op": "is", "value": 1}]}, "filters[0].op"),
        ({"filters": [{"id": "x", "op": "exists"}]}, "filters[0].id"),
        ({"filters": [{"id": "x", "op": "gt", "value": "1"}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "lte", "value": True}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "eq"}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "neq", "value": None}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "between", "value": [1]}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "in", "value": "a"}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "nin", "value": [True]}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "contains", "value": 1}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "json_contains", "value": [1]}]}, "filters[0].value"),
        ({"filters": [{"id": "x", "op": "exists"}] * 21}, "filters"),
    ],
)
async def test_a_bad_search_is_told_what_is_wrong(client: Stable, body: Any, said: str) -> None:
    assert said in await client.refused("POST", "/transcript/search", body, 400)


async def test_what_the_agent_sets_is_a_property_that_nobody_else_sets(client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    (topic,) = (await client.ask("GET", PATH, ALL))["properties"]
    assert (topic["name"], topic["default"], topic["type"]) == ("topic", True, "string")
    assert (await client.ask("GET", f"{PATH}/{topic['id']}", ONE))["property"] == topic
    (found,) = await client.search()
    assert [(each["name"], each["value"]) for each in found["properties"]] == [("topic", "tea")]
    one = f"{PATH}/{topic['id']}"
    body = {"value": "x", "transcriptID": id}
    for method, path, sent in (("PATCH", one, {"name": "x"}), ("DELETE", one, None), ("PUT", f"{one}/value", body)):
        assert "agent itself" in await client.refused(method, path, sent, 400)


async def test_a_property_is_made_named_valued_and_removed(client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    property = await made(client, "score", "number")
    await give(client, property, id, "4.5")
    whole = (await client.ask("GET", f"/transcript/{id}", TRANSCRIPT))["transcript"]
    assert {each["name"]: each["value"] for each in whole["properties"]} == {"score": "4.5", "topic": "tea"}
    await client.ask("PATCH", f"{PATH}/{property}", MESSAGE, {"name": "rating"})
    await give(client, property, id, "5")
    (found,) = await client.search()
    assert {each["name"]: each["value"] for each in found["properties"]} == {"rating": "5", "topic": "tea"}
    await client.ask("PATCH", f"{PATH}/{property}", MESSAGE, {})
    await client.ask("DELETE", f"{PATH}/{property}", MESSAGE)
    (found,) = await client.search()
    assert [each["name"] for each in found["properties"]] == ["topic"]
    assert "no such property" in await client.refused("GET", f"{PATH}/{property}", None, 404)


async def test_a_property_that_was_made_takes_what_the_agent_sets_under_its_name(client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    property = await made(client, "topic", "string")
    (listed,) = (await client.ask("GET", PATH, ALL))["properties"]
    assert (listed["id"], listed["default"]) == (property, False)
    assert (await client.search())[0]["properties"][0]["value"] == "tea"
    await give(client, property, id, "drinks")
    assert (await client.search())[0]["properties"][0]["value"] == "drinks"


async def test_names_of_properties_are_taken_once(client: Stable) -> None:
    await made(client, "score", "number")
    other = await made(client, "mood", "string")
    await client.refused("POST", PATH, {"name": "score", "type": "string"}, 409)
    await client.refused("PATCH", f"{PATH}/{other}", {"name": "score"}, 409)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"type": "string"}, "name"),
        ({"name": "x"}, "type"),
        ({"name": "x", "type": "date"}, "type"),
        ({"name": " ", "type": "string"}, "name"),
        ({"name": "x" * 257, "type": "string"}, "name"),
        ({"name": "x", "type": "string", "default": True}, "default"),
    ],
)
async def test_a_bad_property_is_told_what_is_wrong(client: Stable, body: Any, said: str) -> None:
    assert said in await client.refused("POST", PATH, body, 400)


async def test_a_value_is_of_its_propertys_type(client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    for kind, bad, good in (("number", "much", "-1e3"), ("boolean", "yes", "true"), ("string", "x" * 8_001, "")):
        property = await made(client, kind, kind)
        path = f"{PATH}/{property}/value"
        assert "value" in await client.refused("PUT", path, {"value": bad, "transcriptID": id}, 400)
        await give(client, property, id, good)
    assert "value" in await client.refused("PUT", path, {"value": 3, "transcriptID": id}, 400)
    assert "transcriptID" in await client.refused("PUT", path, {"value": "x"}, 400)
    assert "no transcript" in await client.refused("PUT", path, {"value": "x", "transcriptID": "nope"}, 404)


async def test_filters_ask_for_the_values_of_properties(client: Stable) -> None:
    ids = {
        user: await talked(client, user, text) for user, text in (("ada", "Green Tea"), ("bob", "tea"), ("eve", "x"))
    }
    score, happy = await made(client, "score", "number"), await made(client, "happy", "boolean")
    tags = await made(client, "tags", "string")
    await give(client, score, ids["ada"], "4.50")
    await give(client, score, ids["bob"], "2")
    await give(client, happy, ids["bob"], "true")
    await give(client, tags, ids["eve"], '[{"kind":"late","by":3},{"kind":"rude"}]')
    topic = next(p["id"] for p in (await client.ask("GET", PATH, ALL))["properties"] if p["name"] == "topic")

    async def found(property: str, op: str, value: Any = None) -> list[str]:
        return await users(client, {"id": property, "op": op, **({} if value is None else {"value": value})})

    assert await found(score, "gt", 2) == ["ada"]
    assert await found(score, "gte", 2) == ["ada", "bob"]
    assert await found(score, "lt", 4.5) == ["bob"]
    assert await found(score, "lte", 4.5) == ["ada", "bob"]
    assert await found(score, "between", [1, 2]) == ["bob"]
    assert await found(score, "eq", 4.5) == ["ada"]
    assert await found(score, "neq", 4.5) == ["bob", "eve"]
    assert await found(score, "in", [2, 3]) == ["bob"]
    assert await found(score, "nin", [2, 3]) == ["ada", "eve"]
    assert await found(score, "exists") == ["ada", "bob"]
    assert await found(score, "not_exists") == ["eve"]
    assert await found(happy, "eq", True) == ["bob"]
    assert await found(topic, "eq", "tea") == ["bob"]
    assert await found(topic, "contains", "TEA") == ["ada", "bob"]
    assert await found(topic, "gt", 0) == []
    assert await found(tags, "json_contains", [{"kind": "late"}]) == ["eve"]
    assert await found(tags, "json_contains", [{"kind": "late"}, {"by": 4}]) == []
    both = ({"id": score, "op": "exists"}, {"id": topic, "op": "contains", "value": "green"})
    assert await users(client, *both) == ["ada"]
    assert await users(client, {"id": score, "op": "exists"}, take=1, skip=1) == ["ada"]


async def test_a_reset_of_the_state_leaves_what_the_transcript_is_marked_with(client: Stable) -> None:
    await talked(client, "ada", "tea")
    on_main = {**ON_MAIN, "version": "published"}
    await client.ask("DELETE", "/conversation-state/ada", MESSAGE, query=on_main)
    (topic,) = (await client.ask("GET", PATH, ALL))["properties"]
    assert await users(client, {"id": topic["id"], "op": "eq", "value": "tea"}) == ["ada"]


async def test_values_go_with_their_user(ground: Ground, client: Stable) -> None:
    id = await talked(client, "ada", "tea")
    property = await made(client, "mood", "string")
    await give(client, property, id, "good")
    records, injections = ground.opened.store.records, ground.opened.house.directory.injections
    assert injections is not None
    told = injections.fresh(SessionID(id), "external_event", "Ada moved.", "crm")
    await injections.keep(told, is_heard=False, key=None)
    assert (await records.count("transcript values", None), await records.count("injection", None)) == (1, 1)
    async with ground.client("VF.DM.0123456789abcdef01234567.test-secret") as raw:
        assert (await raw.delete("/state/user/ada", headers={"projectid": "shop"})).is_success
    assert (await records.count("transcript values", None), await records.count("injection", None)) == (0, 0)
    assert await client.search() == []
