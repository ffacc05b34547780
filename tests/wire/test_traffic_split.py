"""The traffic split: the same user lands in the same environment, and only new sessions follow a change."""

from __future__ import annotations

from collections import Counter

import httpx
import jwt
from msgspec.structs import replace

from house_fixture import API_KEY, Opened, Talk, open_house, program, split_project
from parley.domain.ids import EnvironmentAlias
from parley.domain.project import Environment


async def start(client: httpx.AsyncClient, user: str) -> tuple[str, str]:
    answer = await client.post("/v4/project/shop/session", json={"userID": user}, headers={"authorization": API_KEY})
    key = answer.json()["sessionKey"]
    return key, jwt.decode(key, options={"verify_signature": False})["env"]


async def split() -> Opened:
    return await open_house(split_project())


async def test_users_are_divided_by_their_shares() -> None:
    opened = await split()
    async with opened.client() as client:
        counts = Counter([(await start(client, f"user-{i}"))[1] for i in range(400)])
    assert 0.6 < counts["main"] / 400 < 0.8
    assert counts.keys() == {"main", "candidate"}


async def test_a_user_stays_where_they_are_across_sessions_and_servers() -> None:
    first, second = await split(), await split()
    async with first.client() as one, second.client() as two:
        for i in range(40):
            user = f"user-{i}"
            assert len({(await start(client, user))[1] for client in (one, one, two)}) == 1


async def test_the_environment_decides_what_is_said() -> None:
    opened = await split()
    async with opened.client() as client:
        for i in range(10):
            key, environment = await start(client, f"user-{i}")
            assert await Talk(client, key).launch() == [f"Hello from {environment}."]


async def test_a_change_touches_new_sessions_only() -> None:
    opened = await split()
    async with opened.client() as client:
        keys = [await start(client, f"user-{i}") for i in range(30)]
        served = split_project()
        main, candidate = served.environments
        await opened.house.catalog.serve(
            replace(served, environments=(replace(main, share=0), replace(candidate, share=100)))
        )
        for key, environment in keys:
            assert await Talk(client, key).launch() == [f"Hello from {environment}."]
        assert {(await start(client, f"user-{i}"))[1] for i in range(30)} == {"candidate"}


async def test_a_new_version_touches_new_sessions_only() -> None:
    opened = await split()
    async with opened.client() as client:
        talk = Talk(client, (await start(client, "ada"))[0])
        (before,) = await talk.launch()
        one = Environment(EnvironmentAlias("main"), program("c", "Hello from a new version."), 100)
        await opened.house.catalog.serve(replace(split_project(), environments=(one,)))
        assert await talk.launch() == [before]
        again = Talk(client, (await start(client, "ada"))[0])
        assert await again.launch() == ["Hello from a new version."]
    restarted = await open_house(replace(split_project(), environments=(one,)), store=opened.store)
    async with restarted.client() as client:
        assert await Talk(client, again.key).launch() == ["Hello from a new version."]
