"""Web pages at the door: origins are echoed with credentials, or refused."""

from __future__ import annotations

import httpx
import pytest

from house_fixture import API_KEY, Talk, open_house, project

PAGE = {"origin": "https://shop.example"}
EVIL = {"origin": "https://evil.example"}


async def test_without_an_origin_nothing_is_added(talk: Talk) -> None:
    answer = await talk.send({"type": "launch"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_an_origin_is_echoed_with_credentials(talk: Talk) -> None:
    for answer in (await talk.send({"type": "launch"}, PAGE), await talk.stream({"type": "launch"}, PAGE)):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "X-Session-ID, X-Turn-ID, X-Request-ID" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"


async def test_errors_are_readable_for_the_page_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v4/interact", headers=PAGE)
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


async def test_preflight(client: httpx.AsyncClient) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, idempotency-key",
    }
    answer = await client.options("/v4/interact/stream", headers=PAGE | asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, idempotency-key"


@pytest.mark.parametrize("route", ["/v4/interact", "/v4/interact/stream"])
async def test_a_project_may_name_its_origins(route: str) -> None:
    opened = await open_house(project(origins=("https://shop.example",)), project("open"))
    async with opened.client() as client:
        talk = await Talk.start(client)
        launch = {"action": {"type": "launch"}}
        for origin, status in ((PAGE, 200), (EVIL, 403), ({"origin": "http://parley.test"}, 200)):
            answer = await client.post(route, json=launch, headers={"authorization": talk.key, **origin})
            assert answer.status_code == status
        refused = await client.post(route, json=launch, headers={"authorization": talk.key, **EVIL})
        assert refused.json()["code"] == "origin_not_allowed"
        assert "access-control-allow-origin" not in refused.headers
        state = await client.get("/state/user/ada", headers={"authorization": API_KEY, "projectID": "shop", **EVIL})
        assert state.status_code == 403
        started = await client.post(
            "/v4/project/open/session", json={"userID": "u"}, headers={"authorization": API_KEY, **EVIL}
        )
        assert started.status_code == 200
