"""The suggested conformance fixtures, one test each (Conversations API, section 13)."""

from __future__ import annotations

import httpx
import pytest

from house_fixture import API_KEY, Talk, events_of, open_house, split_project

AUTH = {"authorization": API_KEY, "projectID": "shop"}
LAUNCH = {"action": {"type": "launch"}}


async def test_raw_sse_bytes(talk: Talk) -> None:
    answer = await talk.stream({"type": "launch"})
    assert answer.content.startswith(b"\nevent: trace\nid: 1\ndata: {")
    events = events_of(answer.content)
    assert [event.id for event in events] == [str(i) for i in range(1, len(events) + 1)]
    assert answer.content.endswith(b"\n\nevent: end\nid: %d\ndata: {}\n\n" % len(events))
    assert answer.content.count(b"event: end") == 1


async def test_completion_events_belong_in_the_body_on_v4_and_in_the_query_on_v2(talk: Talk) -> None:
    path = "/v4/interact/stream?completion_events=maybe"
    ignored = await talk.client.post(path, json=LAUNCH, headers={"authorization": talk.key})
    assert ignored.status_code == 200
    path = "/v2/project/shop/user/u/interact/stream?completion_events=maybe"
    read = await talk.client.post(path, json=LAUNCH, headers=AUTH)
    assert read.status_code == 400
    refused = await talk.send({"type": "launch"}, config={"completionEvents": "maybe"})
    assert refused.status_code == 400


async def test_wrappers(client: httpx.AsyncClient, talk: Talk) -> None:
    assert list((await talk.send({"type": "launch"})).json()) == ["traces"]
    bare = await client.post("/state/user/u/interact", json=LAUNCH, headers=AUTH)
    assert isinstance(bare.json(), list)
    verbose = await client.post("/state/user/u/interact?verbose=true", json=LAUNCH, headers=AUTH)
    assert list(verbose.json()) == ["state", "trace", "request"]


async def test_default_exclude_types_only_on_legacy(client: httpx.AsyncClient, talk: Talk) -> None:
    legacy = (await client.post("/state/user/u/interact", json=LAUNCH, headers=AUTH)).json()
    assert not {"block", "debug", "flow"} & {t["type"] for t in legacy}
    v4 = (await talk.send({"type": "launch"})).json()["traces"]
    assert {"block", "debug"} <= {t["type"] for t in v4}


async def test_launch_first_tells_that_the_conversation_starts(talk: Talk) -> None:
    first = (await talk.send({"type": "launch"})).json()["traces"][0]
    assert first.keys() == {"type", "time", "turnID", "payload"}
    assert first["type"] == "debug"
    assert first["payload"] == {"context": "Start", "level": "info", "message": "starting conversation"}


async def test_second_start_makes_the_first_key_unusable(client: httpx.AsyncClient, talk: Talk) -> None:
    await Talk.start(client)
    assert (await talk.send({"type": "launch"})).status_code == 401


async def test_an_api_key_on_interact_is_401_json(client: httpx.AsyncClient) -> None:
    for path in ("/v4/interact", "/v4/interact/stream"):
        answer = await client.post(path, json=LAUNCH, headers=AUTH)
        assert answer.status_code == 401
        assert answer.json()["statusCode"] == 401


async def test_emit_event_is_201_and_empty(client: httpx.AsyncClient, talk: Talk) -> None:
    body = {"action": {"type": "event", "payload": {"event": {"name": "x"}}}}
    answer = await client.post(f"/v2/project/shop/session/{talk.key}/event", json=body, headers=AUTH)
    assert (answer.status_code, answer.content) == (201, b"")


async def test_traffic_split_is_stable_for_a_user() -> None:
    opened = await open_house(split_project())
    async with opened.client() as client:
        said = set()
        for _ in range(5):
            answer = await client.post("/v4/project/shop/session", json={"userID": "ada"}, headers=AUTH)
            said.add(tuple(await Talk(client, answer.json()["sessionKey"]).launch()))
        assert len(said) == 1


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_probes_need_no_key(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200
    assert (await client.head(path)).status_code == 200
