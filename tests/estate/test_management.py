"""Keys, workspaces, services and entities over HTTP (platform API, section 7)."""

from __future__ import annotations

import uuid

import httpx
from msgspec.structs import replace

from estate_fixture import Ground
from house_fixture import split_project
from parley.domain.ids import ProjectID
from parley.domain.platform_event import PlatformEvent
from parley.domain.workspace import ROLES


def project_of(ground: Ground) -> ProjectID:
    return next(iter(ground.opened.house.catalog.projects())).id


async def test_a_key_says_whose_it_is(client: httpx.AsyncClient, ground: Ground) -> None:
    answer = await client.get("/v1/auth/me")
    assert answer.status_code == 200
    assert answer.headers["x-request-id"]
    me = answer.json()
    assert (me["workspace_id"], me["name"], me["role"]) == (ground.ours.id, "owner", "owner")
    assert 89 * 86400 < me["expires_in_seconds"] <= 90 * 86400


async def test_a_made_key_is_shown_once_and_works_until_it_is_rotated(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    made = (await client.post(ground.at("/api-keys"), json={"duration_days": 1, "name": "desk"})).json()
    assert made["role"] == "member"
    listed = (await client.get(ground.at("/api-keys?mine_only=true"))).json()
    assert [key["key_id"] for key in listed["items"]] == [made["key_id"]]
    assert made["api_key"] not in str(listed)
    async with ground.client(made["api_key"]) as desk:
        assert (await desk.get(ground.at("/services"))).status_code == 200
        rotated = await client.post(ground.at(f"/api-keys/{made['key_id']}/rotate"), json={"duration_days": 2})
        assert rotated.status_code == 200
        assert (await desk.get(ground.at("/services"))).status_code == 401
    async with ground.client(rotated.json()["api_key"]) as desk:
        assert (await desk.get(ground.at("/services"))).status_code == 200
        assert (await client.delete(ground.at(f"/api-keys/{made['key_id']}"))).status_code == 204
        assert (await desk.get(ground.at("/services"))).status_code == 401


async def test_nobody_makes_a_key_above_their_own(ground: Ground) -> None:
    async with ground.client(ground.keys["admin"]) as admin:
        for role in ROLES:
            answer = await admin.post(ground.at("/api-keys"), json={"duration_days": 1, "role": role})
            assert answer.status_code == (403 if role == "owner" else 201)
        owner = next(k for k in await ground.estate.keys.list(ground.ours.id) if k.role == "owner")
        assert (await admin.delete(ground.at(f"/api-keys/{owner.id}"))).status_code == 403
        assert (
            await admin.post(ground.at(f"/api-keys/{owner.id}/rotate"), json={"duration_days": 1})
        ).status_code == 403


async def test_bad_input_says_where(client: httpx.AsyncClient, ground: Ground) -> None:
    for body, place in (
        ({}, "duration_days"),
        ({"duration_days": 0}, "duration_days"),
        ({"duration_days": 91}, "duration_days"),
        ({"duration_days": 1, "role": "king"}, "role"),
        ({"duration_days": 1, "permissions": ["x"] * 129}, "permissions"),
    ):
        answer = await client.post(ground.at("/api-keys"), json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", place]
    for query in ("limit=0", "limit=21", "continuation_token=-1", "limit=x"):
        assert (await client.get(ground.at(f"/services?{query}"))).status_code == 422


async def test_what_is_served_is_a_service_an_agent_and_a_graph(client: httpx.AsyncClient, ground: Ground) -> None:
    services = (await client.get(ground.at("/services"))).json()
    assert services["has_more"] is False
    (service,) = services["items"]
    assert (await client.get(ground.at(f"/services/{service['id']}"))).json() == service
    for kind, id in (("agents", service["agent_id"]), ("context-graphs", service["context_graph_id"])):
        (listed,) = (await client.get(ground.at(f"/{kind}"))).json()["items"]
        assert listed["id"] == id
        assert (await client.get(ground.at(f"/{kind}/{id}"))).json() == listed
        assert (await client.get(ground.at(f"/{kind}/{uuid.uuid4()}"))).status_code == 404
    assert (await client.get(ground.at(f"/services?search={service['name'][:3].upper()}"))).json()["items"]
    assert (await client.get(ground.at("/services?search=nothing"))).json()["items"] == []


async def test_what_is_served_anew_is_shown_as_it_is_now(client: httpx.AsyncClient, ground: Ground) -> None:
    (before,) = (await client.get(ground.at("/services"))).json()["items"]
    served = next(iter(ground.opened.house.catalog.projects()))
    changed = replace(split_project(served.id), name="Bazaar")
    await ground.opened.house.catalog.serve(changed)
    after = (await client.get(ground.at("/services"))).json()["items"]
    assert {service["agent_name"] for service in after} == {"Bazaar"}
    assert before["id"] in {service["id"] for service in after}
    assert len(after) == len(changed.environments) == 2
    for kind in ("agents", "context-graphs"):
        (view,) = (await client.get(ground.at(f"/{kind}"))).json()["items"]
        assert view["name"] == "Bazaar"
    talk = await client.post(ground.at("/conversations"), json={"service_id": before["id"]})
    assert talk.json()["turns"][0]["text"] == "Hello from main."


async def test_another_workspace_sees_nothing_of_ours(ground: Ground, client: httpx.AsyncClient) -> None:
    entity = (await client.put(ground.at("/world/entities/crm:Patient:1"), json={})).json()
    async with ground.client(ground.foreign_key) as stranger:
        theirs = f"/v1/{ground.foreign.id}"
        assert (await stranger.get(f"{theirs}/services")).json()["items"] == []
        assert (await stranger.get(f"{theirs}/world/entities/{entity['id']}")).status_code == 404
        found = await stranger.post(
            f"{theirs}/world/entities/resolve", json={"entity_type": "patient", "canonical_id": "crm:Patient:1"}
        )
        assert found.json() == {"total": 0, "matches": []}


async def test_a_new_workspace_comes_with_the_key_of_its_owner(client: httpx.AsyncClient, ground: Ground) -> None:
    body = {"slug": "shop", "name": " The shop "}
    made = (await client.post("/v1/me/workspaces", json=body)).json()
    assert made["name"] == "The shop"
    assert (await client.post("/v1/me/workspaces", json=body)).status_code == 409
    async with ground.client(made["api_key"]) as owner:
        assert (await owner.get(f"/v1/workspaces/{made['id']}")).json()["slug"] == "shop"
        renamed = await owner.patch(f"/v1/workspaces/{made['id']}", json={"name": "Bazaar"})
        assert renamed.json()["name"] == "Bazaar"
        assert [each["id"] for each in (await owner.get("/v1/workspaces")).json()["items"]] == [made["id"]]
        assert (await owner.get(f"/v1/workspaces/{ground.ours.id}")).status_code == 403


async def test_a_project_moves_with_its_conversations_and_what_happens_is_told_to_its_new_workspace(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    service = (await client.get(ground.at("/services"))).json()["items"][0]
    talk = (await client.post(ground.at("/conversations"), json={"service_id": service["id"]})).json()["id"]
    project, theirs = project_of(ground), f"/v1/{ground.foreign.id}"
    heard: list[PlatformEvent] = []
    ground.estate.events.listen(heard.append)
    moved = await client.post(ground.at(f"/projects/{project}/move"), json={"workspace_id": ground.foreign.id})
    assert (moved.status_code, moved.json()) == (200, {"project_id": project, "workspace_id": ground.foreign.id})
    assert (await client.get(ground.at("/services"))).json()["items"] == []
    assert (await client.get(ground.at(f"/conversations/{talk}"))).status_code == 404
    async with ground.client(ground.foreign_key) as owner:
        assert [each["name"] for each in (await owner.get(f"{theirs}/services")).json()["items"]] == [service["name"]]
        told = await owner.post(f"{theirs}/sessions/{talk}/inject", json={"message": "Hello."})
        assert told.status_code == 200
        await ground.estate.reporting.told()
        assert [each.workspace for each in heard if each.type == "injection.received"] == [ground.foreign.id]
        back = await owner.post(f"{theirs}/projects/{project}/move", json={"workspace_id": ground.ours.id})
        assert back.status_code == 200
    assert (await client.get(ground.at(f"/conversations/{talk}"))).status_code == 200


async def test_a_project_is_moved_by_its_owner_to_where_there_is_something(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    project, nowhere = project_of(ground), {"workspace_id": str(uuid.UUID(int=1))}
    there = {"workspace_id": ground.foreign.id}
    lost = await client.post(ground.at(f"/projects/{project}/move"), json=nowhere)
    assert (lost.status_code, lost.json()["detail"]) == (404, "Workspace not found.")
    assert (await client.post(ground.at("/projects/nobody/move"), json=there)).status_code == 404
    async with ground.client(ground.foreign_key) as stranger:
        stolen = await stranger.post(f"/v1/{ground.foreign.id}/projects/{project}/move", json=there)
        assert (stolen.status_code, stolen.json()["detail"]) == (404, "Project not found.")
    assert len((await client.get(ground.at("/services"))).json()["items"]) == 1


async def test_an_entity_is_made_added_to_and_found(client: httpx.AsyncClient, ground: Ground) -> None:
    at = ground.at("/world/entities/crm:Patient:67890")
    made = await client.put(at, json={"display_name": "Ada", "phone": "+15550100", "state": {"plan": "gold"}})
    assert made.status_code == 201
    again = await client.put(
        at, json={"email": "ada@example.org", "external_ids": {"ehr": "7"}, "state": {"vip": True}}
    )
    assert again.status_code == 200
    entity = again.json()
    assert entity["state"] == {"plan": "gold", "vip": True}
    assert (entity["entity_type"], entity["display_name"], entity["phone"]) == ("patient", "Ada", "+15550100")
    assert (await client.get(ground.at(f"/world/entities/{entity['id']}"))).json() == entity
    body = {
        "entity_type": "patient",
        "canonical_id": "crm:Patient:67890",
        "phone": "+15550100",
        "email": "ADA@example.org",
        "external_id": {"system": "ehr", "value": "7"},
    }
    (match,) = (await client.post(ground.at("/world/entities/resolve"), json=body)).json()["matches"]
    assert match["entity_id"] == entity["id"]
    assert match["matched_on"] == ["canonical_id", "phone", "email", "external_id"]
    listed = (await client.get(ground.at("/world/entities"))).json()
    assert [each["id"] for each in listed["entities"]] == [entity["id"]]


async def test_numbers_and_addresses_are_one_however_they_are_written(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    given = {"phone": "+1 (415) 555\u20110100", "email": " Ada@Example.org ", "external_ids": {"a": "b:c"}}
    made = await client.put(ground.at("/world/entities/crm:Patient:1"), json=given)
    assert (made.status_code, made.json()["phone"]) == (201, "+14155550100")
    for way, value, is_known in (
        ("phone", "00 1.415.555.0100", True),
        ("phone", "+14155550101", False),
        ("email", "ADA@EXAMPLE.ORG", True),
        ("external_id", {"system": "a", "value": "b:c"}, True),
    ):
        body = {"entity_type": "patient", way: value}
        found = (await client.post(ground.at("/world/entities/resolve"), json=body)).json()
        assert found["total"] == int(is_known), (way, value)
    for bad in ("415 555 0100", "+0 1", "+1415555010012345", "call me", "+١٢٣"):
        answer = await client.put(ground.at("/world/entities/crm:Patient:2"), json={"phone": bad})
        assert answer.status_code == 422
    taken = await client.put(ground.at("/world/entities/crm:Patient:2"), json={"phone": "+14155550100"})
    assert taken.status_code == 409
    assert "Another entity has this phone number" in taken.json()["detail"]
    other = await client.put(ground.at("/world/entities/crm:Patient:2"), json={"external_ids": {"ab": "c"}})
    assert other.status_code == 201


async def test_a_canonical_id_holds_no_names(client: httpx.AsyncClient, ground: Ground) -> None:
    for bad in ("ada", "crm:Patient", "crm:Patient:Ada Lovelace", "a:b:" + "c" * 253, "a:b:c:d"):
        assert (await client.put(ground.at(f"/world/entities/{bad}"), json={})).status_code == 422


async def test_unknown_paths_and_methods_are_told_in_json(client: httpx.AsyncClient, ground: Ground) -> None:
    unknown = await client.get(ground.at("/nothing"))
    assert (unknown.status_code, unknown.json()["detail"], unknown.json()["error_code"]) == (
        404,
        "Not Found",
        "no_route",
    )
    refused = await client.delete(ground.at("/services"))
    assert (refused.status_code, refused.json()["error_code"]) == (405, "method_not_allowed")
