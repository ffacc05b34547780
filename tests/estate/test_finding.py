"""Lists of the platform API: found, narrowed and ordered as documented, and refused clearly where that cannot be."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from estate_fixture import Ground, break_ground
from house_fixture import open_house, project
from parley.transports.platform.service_routes import AgentShown
from parley.transports.platform.shapes import in_order


@pytest.fixture
async def ground() -> Ground:
    return await break_ground(await open_house(project("shop"), project("bank")))


@pytest.fixture
async def people(client: httpx.AsyncClient, ground: Ground) -> dict[str, str]:
    """Ids by canonical id."""
    made = {
        "crm:Patient:1": {"display_name": "Ada Lovelace", "phone": "+15550100"},
        "crm:Care-Plan:2": {"display_name": "Plan of Ada"},
        "desk:Person:3": {"display_name": "Bob", "external_ids": {"ehr": "7"}},
    }
    found = {}
    for name, body in made.items():
        found[name] = (await client.put(ground.at(f"/world/entities/{name}"), json=body)).json()["id"]
    return found


async def entities(client: httpx.AsyncClient, ground: Ground, **asked: Any) -> list[str]:
    answer = await client.get(ground.at("/world/entities"), params=asked)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["total"] == len(page["entities"])
    return [each["canonical_id"].rsplit(":", 1)[-1] for each in page["entities"]]


async def test_entities_are_found_by_type_text_and_system(
    client: httpx.AsyncClient, ground: Ground, people: dict[str, str]
) -> None:
    for asked, found in (
        ({}, "123"),
        ({"entity_type": "patient"}, "1"),
        ({"entity_type": ["patient", "person"]}, "13"),
        ({"entity_type": "care_plan"}, "2"),
        ({"q": "aDa"}, "12"),
        ({"q": "5550100"}, "1"),
        ({"q": "desk:"}, "3"),
        ({"q": people["crm:Care-Plan:2"]}, "2"),
        ({"q": "person"}, "3"),
        ({"source_system": "crm"}, "12"),
        ({"source_system": "ehr"}, "3"),
        ({"source_system": "crm", "q": "plan"}, "2"),
        ({"has_projection": True}, "123"),
        ({"has_projection": False}, ""),
    ):
        assert await entities(client, ground, **asked) == list(found), asked


async def test_a_page_of_what_was_found_says_where_the_next_begins(
    client: httpx.AsyncClient, ground: Ground, people: dict[str, str]
) -> None:
    for asked in ({}, {"q": ":"}):
        page = (await client.get(ground.at("/world/entities"), params={**asked, "limit": 2})).json()
        assert ([e["id"] for e in page["entities"]], page["total"]) == (list(people.values())[:2], 3)
        assert (page["has_more"], page["next_offset"]) == (True, 2)
        rest = (await client.get(ground.at("/world/entities"), params={**asked, "limit": 2, "offset": 2})).json()
        assert ([e["id"] for e in rest["entities"]], rest["has_more"]) == (list(people.values())[2:], False)
    for bad in ("limit=101", "limit=0", "offset=-1"):
        assert (await client.get(ground.at(f"/world/entities?{bad}"))).status_code == 422


@pytest.mark.parametrize("query", ["source=voice_agent", "tags=vip", "semantic=people+with+a+plan"])
async def test_what_entities_cannot_be_found_by_is_refused(
    client: httpx.AsyncClient, ground: Ground, query: str
) -> None:
    answer = await client.get(ground.at(f"/world/entities?{query}"))
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert found["loc"] == ["query", query.split("=")[0]]
    assert "find entities by entity_type, q or source_system" in found["msg"]


async def test_nothing_to_resolve_by_is_400_and_what_nobody_has_finds_nobody(
    client: httpx.AsyncClient, ground: Ground, people: dict[str, str]
) -> None:
    at = ground.at("/world/entities/resolve")
    answer = await client.post(at, json={"entity_type": "person"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("No identifier provided")
    for way in ({"canonical_id": "67890"}, {"external_id": {"system": "ehr", "value": "v" * 256}}):
        found = await client.post(at, json={"entity_type": "person", **way})
        assert (found.status_code, found.json()) == (200, {"total": 0, "matches": []})
    for bad in ({"entity_type": "Person"}, {"external_id": {"system": "EHR", "value": "7"}}, {"phone": "1234"}):
        refused = await client.post(at, json={"entity_type": "person", "canonical_id": "x", **bad})
        assert refused.status_code == 422, bad


@pytest.mark.parametrize("kind", ["services", "agents", "context-graphs"])
async def test_what_is_served_comes_in_the_order_that_is_asked_for(
    client: httpx.AsyncClient, ground: Ground, kind: str
) -> None:
    async def ids(**asked: Any) -> list[str]:
        answer = await client.get(ground.at(f"/{kind}"), params=asked)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    listed = await ids()
    assert len(listed) == 2
    for field in ("name", "created_at", "-updated_at"):
        assert sorted(await ids(sort_by=field)) == sorted(listed)
    assert await ids(search="SHOP") == listed
    for bad in ({"sort_by": "colour"}, {"search": ""}, {"search": "x" * 201}):
        answer = await client.get(ground.at(f"/{kind}"), params=bad)
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", *bad])


async def test_every_service_is_active_and_a_graph_counts_its_workflows(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    assert len((await client.get(ground.at("/services?is_active=true"))).json()["items"]) == 2
    assert (await client.get(ground.at("/services?is_active=false"))).json()["items"] == []
    graphs = (await client.get(ground.at("/context-graphs"))).json()["items"]
    assert [graph["state_count"] for graph in graphs] == [1, 1]


def test_a_minus_turns_the_order() -> None:
    agents = [AgentShown.model_construct(name=name) for name in "bca"]
    assert [agent.name for agent in in_order(agents, "name")] == ["a", "b", "c"]
    assert [agent.name for agent in in_order(agents, "-name")] == ["c", "b", "a"]


async def test_a_workspace_changes_what_is_given_and_nothing_else(client: httpx.AsyncClient, ground: Ground) -> None:
    body = {"slug": "acme", "name": "Acme", "backend_org_id": "org_1", "region": "eu-central-1"}
    made = (await client.post("/v1/me/workspaces", json=body)).json()
    shown = {name: made[name] for name in ("name", "environment", "region", "backend_org_id")}
    assert shown == {"name": "Acme", "environment": "staging", "region": "eu-central-1", "backend_org_id": "org_1"}
    at = f"/v1/workspaces/{made['id']}"
    async with ground.client(made["api_key"]) as owner:
        changed = (await owner.patch(at, json={"environment": "production", "name": None})).json()
        assert changed == {**changed, **shown, "environment": "production"}
        assert (await owner.patch(at, json={})).json()["name"] == "Acme"
        refused = await owner.patch(at, json={"connector_type": "epic"})
        assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "connector_type"])
        for bad in ({"region": "mars"}, {"environment": "test"}, {"name": ""}):
            assert (await owner.patch(at, json=bad)).status_code == 422
    for bad in ({"slug": "a"}, {"slug": "-ab"}, {"slug": "a" * 64}, {"region": "mars"}):
        assert (await client.post("/v1/me/workspaces", json={**body, **bad})).status_code == 422
