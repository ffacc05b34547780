"""Who may do what on the stable API: every route with every role's key, foreign keys, API keys and none."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema
import pytest

from estate_fixture import Ground, break_ground
from house_fixture import API_KEY
from parley.backends.clock import StillClock
from parley.domain.workspace import ROLES, is_at_least
from parley.session.access import create_key
from parley.transports.http.stable_rights import RIGHTS
from wire.knowledge_house import open_knowledge_house
from wire.stable_house import ON_MAIN, PROBLEM, V1, bank, open_stable, shop, stable


@pytest.fixture
async def ground() -> Ground:
    return await open_stable()


async def status(ground: Ground, method: str, path: str, key: str, query: dict[str, Any] = ON_MAIN) -> int:
    filled = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
    async with ground.client(key) as client:
        answer = await client.request(method, filled, params=query, json={})
        if answer.is_error:
            jsonschema.validate(answer.json(), PROBLEM)
        return answer.status_code


@pytest.mark.parametrize(("method", "path"), sorted(RIGHTS))
async def test_a_route_lets_in_who_may_and_nobody_else(ground: Ground, method: str, path: str) -> None:
    wanted = RIGHTS[method, path]
    refused = {401, 403, 405, 500}
    assert await status(ground, method, path, API_KEY) not in refused
    for role in ROLES:
        found = await status(ground, method, path, ground.keys[role])
        assert found == 403 if not is_at_least(role, wanted) else found not in refused, role
    for key in ("", "nonsense", "VF.DM.000000000000000000000000.x", "pk_000000000000000000000000_x"):
        assert await status(ground, method, path, key) == 401
    assert await status(ground, method, path, ground.foreign_key) == 401
    of_bank = {**ON_MAIN, "projectID": "bank"}
    assert await status(ground, method, path, ground.keys["owner"], of_bank) == 401


async def test_what_is_not_there_and_what_is_anothers_are_told_alike(ground: Ground) -> None:
    async with stable(ground, ground.keys["owner"]) as client:
        said = [
            await client.refused("GET", "/environment", None, 401, query={"projectID": id}) for id in ("bank", "nope")
        ]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "path", ["/nope", "/conversation", "/conversation/", "/analytics/query", "/environment/main/x"]
)
async def test_a_path_that_nobody_serves_is_404_in_the_form_of_this_api(ground: Ground, path: str) -> None:
    async with stable(ground) as client:
        assert "nothing under this path" in await client.refused("GET", path, None, 404)


async def test_no_key_is_401(ground: Ground) -> None:
    transport = httpx.ASGITransport(app=ground.front)
    async with httpx.AsyncClient(transport=transport, base_url="http://parley.test") as client:
        answer = await client.get(f"{V1}/environment", params={"projectID": "shop"})
    assert answer.status_code == 401
    assert (answer.json()["statusCode"], answer.json()["code"]) == (401, "key_missing")


async def test_a_project_need_not_be_named_where_there_is_one_only(ground: Ground) -> None:
    async with stable(ground, ground.keys["viewer"]) as client:
        assert await client.ask("GET", "/environment", {}, query={})
    both = await open_stable(shop(), bank())
    await both.estate.workspaces.claim(both.foreign.id, [bank().id, shop().id])
    async with stable(both, both.foreign_key) as client:
        assert "projectID" in await client.refused("GET", "/environment", None, 400, query={})
    async with stable(both) as client:
        assert "projectID" in await client.refused("GET", "/environment", None, 400, query={})


async def test_an_api_key_of_one_project_opens_no_other(ground: Ground) -> None:
    key = await create_key(ground.opened.store.keyring, 0, label="one", project="shop")
    async with stable(ground, key) as client:
        assert await client.ask("GET", "/environment", {}, query={})
        await client.refused("GET", "/environment", None, 401, query={"projectID": "bank"})


async def test_a_key_that_is_over_is_told_so() -> None:
    clock = StillClock(1_738_591_200_000)
    ground = await open_stable(clock=clock)
    await clock.advance(91 * 24 * 60 * 60)
    async with stable(ground, ground.keys["owner"]) as client:
        answer = await client.ask("GET", "/environment", PROBLEM, status=401)
    assert answer["code"] == "key_expired"


async def test_a_server_without_workspaces_takes_api_keys(ground: Ground) -> None:
    async with ground.opened.client() as client:
        headers = {"authorization": f"Bearer {API_KEY}"}
        assert (await client.get(f"{V1}/environment", params={"projectID": "shop"}, headers=headers)).is_success
        headers = {"authorization": f"Bearer {ground.keys['owner']}"}
        answer = await client.get(f"{V1}/environment", params={"projectID": "shop"}, headers=headers)
        assert answer.status_code == 401


async def test_documents_are_kept_and_asked_with_a_workspace_key() -> None:
    async with open_knowledge_house(shop()) as opened:
        ground = await break_ground(opened)
        table = {"name": "t", "schema": {"searchableFields": ["text"]}, "items": [{"text": "We open at nine."}]}
        async with stable(ground, ground.keys["member"]) as client:
            await client.ask("POST", "/document/table", {}, table, status=201)
        async with stable(ground, ground.keys["viewer"]) as client:
            await client.refused("POST", "/document/table", table, 403)
            body = {"question": "When do you open?", "version": "published", "synthesis": False}
            found = await client.ask("POST", "/knowledge-base/query", {}, body)
    assert "We open at nine." in found["answer"]["chunks"][0]["content"]
