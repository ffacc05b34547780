"""Which variant of an environment a session begins on, however its client names it (Conversations API, 2.7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from house_fixture import API_KEY, Opened
from parley.domain.project import Project
from wire.stable_house import marking, said, shop
from wire.widget_house import open_widget_house

LAUNCH = {"action": {"type": "launch"}}
HEADERS = {"authorization": API_KEY}


def drafted() -> Project:
    """What is published says Live., the draft Draft."""
    served = shop("Live.")
    return replace(served, environments=(replace(served.environments[0], draft=marking(greeting="Draft.")),))


@pytest.fixture
async def opened(tmp_path: Path) -> Opened:
    return await open_widget_house(tmp_path, drafted())


async def streamed(client: httpx.AsyncClient, user: str, **query: str) -> str:
    path = f"/v2/project/shop/user/{user}/interact/stream"
    return (await client.post(path, params=query, json=LAUNCH, headers=HEADERS)).text


async def interacted(client: httpx.AsyncClient, user: str, body: Any = LAUNCH, **headers: str) -> list[str]:
    answer = await client.post(f"/state/user/{user}/interact", json=body, headers={**HEADERS, **headers})
    return said(answer.json())


@pytest.mark.parametrize(
    ("query", "greeting"),
    [
        ({"environment": "main"}, "Live."),
        ({"environment": "main", "versionVariant": "published"}, "Live."),
        ({"environment": "main", "versionVariant": "draft"}, "Draft."),
        ({"versionVariant": "draft"}, "Draft."),
        ({"versionVariant": "published"}, "Live."),
        ({"environment": "production"}, "Live."),
        ({"environment": "staging"}, "Live."),
        ({"environment": "development"}, "Draft."),
        ({}, "Draft."),
    ],
)
async def test_a_legacy_stream_says_which_variant_it_talks_to(
    opened: Opened, query: dict[str, str], greeting: str
) -> None:
    async with opened.client() as client:
        assert f'"{greeting}"' in await streamed(client, "ada", **query)


async def test_a_version_is_named_by_its_alias_or_its_id(opened: Opened) -> None:
    async with opened.client() as client:
        ids = {}
        for which in ("draft", "published"):
            told = await client.post("/v2/public/shop/widget/setup", json={"clientID": "a", "versionVariant": which})
            assert told.json()["versionVariant"] == which
            ids[which] = told.json()["versionID"]
        assert ids["draft"] != ids["published"]
        for name, greeting in (
            (ids["draft"], "Draft."),
            (ids["published"], "Live."),
            ("development", "Draft."),
            ("production", "Live."),
            ("main", "Live."),
        ):
            assert await interacted(client, f"user-of-{name}", versionid=name) == [greeting]
        public = "/public/shop/state/user/eve/interact"
        answer = await client.post(public, json=LAUNCH, headers={"versionid": ids["draft"]})
        assert said(answer.json()["trace"]) == ["Draft."]


async def test_development_leaves_a_conversation_where_it_is(opened: Opened) -> None:
    async with opened.client() as client:
        start = await client.post("/v4/project/shop/session", json={"userID": "ada"}, headers=HEADERS)
        assert await interacted(client, "ada") == ["Live."]
        key = {"authorization": start.json()["sessionKey"]}
        assert (await client.post("/v4/interact", json=LAUNCH, headers=key)).status_code == 200


async def test_a_pinned_session_may_be_one_of_the_draft(opened: Opened) -> None:
    async with opened.client() as client:
        for alias, greeting in (("main", "Live."), ("production", "Live."), ("development", "Draft.")):
            path = f"/v4/project/shop/environment/{alias}/session"
            key = (await client.post(path, json={"userID": "ada"}, headers=HEADERS)).json()["sessionKey"]
            answer = await client.post("/v4/interact", json=LAUNCH, headers={"authorization": key})
            assert said(answer.json()["traces"]) == [greeting]


async def test_an_unknown_variant_is_told_what_there_is(opened: Opened) -> None:
    async with opened.client() as client:
        answer = await client.post(
            "/v2/project/shop/user/ada/interact/stream", params={"versionVariant": "live"}, json=LAUNCH, headers=HEADERS
        )
        assert answer.status_code == 400 and "versionVariant" in answer.json()["message"]
        answer = await client.post("/v2/public/shop/widget/setup", json={"clientID": "a", "versionVariant": "live"})
        assert answer.status_code == 400 and "draft or published" in answer.json()["message"]
