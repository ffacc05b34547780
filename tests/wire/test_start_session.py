"""Starting a session (Conversations API 1.1)."""

from __future__ import annotations

import httpx
import jwt
import pytest

from house_fixture import API_KEY, Opened, Talk, open_house

PINNED = "/v4/project/shop/environment/main/session"
AUTH = {"authorization": API_KEY}


@pytest.mark.parametrize("path", [PINNED, "/v4/project/shop/session"])
async def test_both_routes_answer_with_a_session_key_alone(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={"userID": "user-123"}, headers=AUTH)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert list(answer.json()) == ["sessionKey"]
    claims = jwt.decode(answer.json()["sessionKey"], options={"verify_signature": False})
    assert claims.keys() == {"sub", "sid", "prj", "env", "ver", "iat"}
    assert (claims["sub"], claims["prj"], claims["env"]) == ("user-123", "shop", "main")


@pytest.mark.parametrize("alias", ["main", "development", "production"])
async def test_old_aliases_mean_the_default_environment(client: httpx.AsyncClient, alias: str) -> None:
    answer = await client.post(f"/v4/project/shop/environment/{alias}/session", json={"userID": "u"}, headers=AUTH)
    assert answer.status_code == 200


async def test_unknown_environment_is_404_and_names_those_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v4/project/shop/environment/beta/session", json={"userID": "u"}, headers=AUTH)
    assert answer.status_code == 404
    assert answer.json() == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "Environment 'beta' does not exist. This project has: main.",
        "code": "no_environment",
    }


async def test_unknown_project_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v4/project/nope/session", json={"userID": "u"}, headers=AUTH)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_project")


@pytest.mark.parametrize(("headers", "code"), [({}, "key_missing"), ({"authorization": "VF.DM.x.y"}, "unauthorized")])
async def test_a_key_is_needed(client: httpx.AsyncClient, headers: dict[str, str], code: str) -> None:
    answer = await client.post(PINNED, json={"userID": "u"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == code
    assert answer.json()["error"] == "Unauthorized"


@pytest.mark.parametrize("scheme", ["Bearer ", "ApiKey ", "bearer "])
async def test_a_scheme_before_the_key_is_tolerated(client: httpx.AsyncClient, scheme: str) -> None:
    answer = await client.post(PINNED, json={"userID": "u"}, headers={"authorization": scheme + API_KEY})
    assert answer.status_code == 200


@pytest.mark.parametrize("user", ["u", "é" * 256, "a/b c%20\u2028", "x" * 256])
async def test_users_of_1_to_256_characters(client: httpx.AsyncClient, user: str) -> None:
    answer = await client.post(PINNED, json={"userID": user}, headers=AUTH)
    assert answer.status_code == 200
    assert jwt.decode(answer.json()["sessionKey"], options={"verify_signature": False})["sub"] == user


@pytest.mark.parametrize("user", ["", "x" * 257, 7, None, ["u"], {}])
async def test_other_users_are_refused(client: httpx.AsyncClient, user: object) -> None:
    answer = await client.post(PINNED, json={"userID": user}, headers=AUTH)
    assert answer.status_code == 400
    assert answer.json()["message"] == "userID: expected string of 1 to 256 characters"


async def test_second_start_ends_the_first_session(client: httpx.AsyncClient) -> None:
    first = await Talk.start(client)
    second = await Talk.start(client)
    refused = await first.send({"type": "launch"})
    assert refused.status_code == 401
    assert refused.json() == {
        "statusCode": 401,
        "error": "Unauthorized",
        "message": "This session has ended (replaced). Start a new session to continue.",
        "code": "session_ended",
    }
    assert await second.launch() == ["Hello, you!"]


async def test_keys_of_another_server_are_refused(client: httpx.AsyncClient) -> None:
    forged = jwt.encode({"sub": "u", "sid": "s", "prj": "shop"}, "another secret of some thirty-two bytes", "HS256")
    unsigned = jwt.encode({"sub": "u", "sid": "s", "prj": "shop"}, None, "none")
    for key in (forged, unsigned, "abc", "a.b.c", "x" * 5000, API_KEY):
        answer = await client.post("/v4/interact", json={"action": {"type": "launch"}}, headers={"authorization": key})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_key_of_one_project_opens_no_other() -> None:
    from house_fixture import project
    from parley.session.access import create_key

    opened: Opened = await open_house(project("a"), project("b"))
    key = await create_key(opened.store.keyring, 0, label="a only", project="a")
    async with opened.client() as client:
        for id, status in (("a", 200), ("b", 401)):
            answer = await client.post(
                f"/v4/project/{id}/session", json={"userID": "u"}, headers={"authorization": key}
            )
            assert answer.status_code == status
