"""Keys that end while somebody is connected with them, and the last one of an owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from estate_fixture import Ground, break_ground
from house_fixture import open_house, served
from parley.backends.clock import StillClock
from parley.domain.workspace import ROLES
from parley.workspaces.keys import DAY_MS

pytestmark = pytest.mark.timeout(60)


@asynccontextmanager
async def watching(ground: Ground, key: str) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream of events that is open."""
    headers = {"authorization": f"Bearer {key}"}
    async with (
        served(ground.front) as (host, port),
        httpx.AsyncClient(headers=headers, timeout=None) as client,
        client.stream("GET", f"http://{host}:{port}{ground.at('/events/stream')}") as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 3000"
        while not ground.estate.events.streams_of(ground.ours.id):
            await asyncio.sleep(0)
        yield lines


async def rest_of(lines: AsyncIterator[str]) -> list[str]:
    return [line async for line in lines if line]


@pytest.mark.parametrize("way", ["revoke", "rotate"])
async def test_a_stream_ends_at_once_with_its_key(client: httpx.AsyncClient, ground: Ground, way: str) -> None:
    made = (await client.post(ground.at("/api-keys"), json={"duration_days": 1})).json()
    at = ground.at(f"/api-keys/{made['key_id']}")
    async with watching(ground, made["api_key"]) as lines:
        if way == "revoke":
            assert (await client.delete(at)).status_code == 204
        else:
            assert (await client.post(f"{at}/rotate", json={"duration_days": 1})).status_code == 200
        assert await rest_of(lines) == []
    assert not ground.estate.events.streams_of(ground.ours.id)


async def test_a_stream_ends_when_its_key_expires() -> None:
    clock = StillClock(now_ms=2_000_000_000_000)
    ground = await break_ground(await open_house(clock=clock))
    _, plain = await ground.estate.keys.create(ground.ours.id, "viewer", 1)
    async with watching(ground, plain) as lines:
        while clock.sleepers < 2:
            await asyncio.sleep(0)
        reading = asyncio.ensure_future(rest_of(lines))
        while not reading.done():
            await clock.advance(DAY_MS / 1000 / 4)
            await asyncio.sleep(0)
        assert set(await reading) <= {": keep-alive"}


async def test_a_server_that_drains_ends_its_streams(ground: Ground) -> None:
    async with watching(ground, ground.keys["viewer"]) as lines:
        ending = asyncio.ensure_future(ground.front.drain(1))
        assert await rest_of(lines) == []
        await ending


async def test_the_last_key_of_an_owner_is_not_revoked(client: httpx.AsyncClient, ground: Ground) -> None:
    (owner,) = [key for key in await ground.estate.keys.list(ground.ours.id) if key.role == "owner"]
    at = ground.at(f"/api-keys/{owner.id}")
    refused = await client.delete(at)
    assert (refused.status_code, refused.json()["error_code"]) == (409, "last_owner")
    second = (await client.post(ground.at("/api-keys"), json={"duration_days": 1, "role": "owner"})).json()
    assert (await client.delete(at)).status_code == 204
    async with ground.client(second["api_key"]) as heir:
        rotated = await heir.post(ground.at(f"/api-keys/{second['key_id']}/rotate"), json={"duration_days": 90})
        assert rotated.status_code == 200


async def test_keys_are_listed_page_by_page_with_what_they_were_given(
    client: httpx.AsyncClient, ground: Ground
) -> None:
    permissions = ["ApiKey.view", "Operator:Update"]
    body = {"duration_days": 90, "name": "desk", "role": "viewer", "permissions": permissions}
    made = [(await client.post(ground.at("/api-keys"), json=body)).json() for _ in range(3)]
    seen, token = [], 0
    while token is not None:
        page = (await client.get(ground.at(f"/api-keys?limit=2&continuation_token={token}"))).json()
        assert len(page["items"]) <= 2
        assert page["has_more"] is (page["continuation_token"] is not None)
        seen += page["items"]
        token = page["continuation_token"]
    assert len(seen) == page["total"] == len(ROLES) + 3
    assert {key["key_id"] for key in seen[-3:]} == {key["key_id"] for key in made}, "the newest come last"
    assert seen[-1]["permissions"] == permissions
    assert "api_key" not in seen[-1]
