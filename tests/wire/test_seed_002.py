"""Interact (stream), legacy: the documented sample and every query parameter."""

from __future__ import annotations

import json

import httpx
import pytest

from house_fixture import API_KEY, Opened, events_of, served
from wire.curl import data_of, needs_curl, run_curl

PATH = "/v2/project/shop/user/ada/interact/stream"
AUTH = {"authorization": API_KEY}
LAUNCH = {"action": {"type": "launch"}}

SAMPLE = """\
curl --request POST \\
--url https://general-runtime.voiceflow.com/v2/project/{projectID}/user/{userID}/interact/stream \\
--header 'Content-Type: application/json' \\
--header 'authorization: <api-key>' \\
--data '
{
"action": {
"type": "action",
"payload": {
"actions": [
{
"type": "<string>",
"payload": "<unknown>"
}
],
"label": "<string>"
},
"diagramID": "<string>",
"time": 123
},
"variables": {},
"sessionID": "<string>"
}
'"""


@needs_curl
async def test_the_sample_as_written(opened: Opened) -> None:
    async with served(opened.app) as address:
        names = {"{projectID}": "shop", "{userID}": "ada", "<api-key>": API_KEY}
        head, body = await run_curl(SAMPLE, address, names)
    assert head.startswith("HTTP/1.1 200 OK")
    assert "content-type: text/event-stream" in head.lower()
    assert body == b"\nevent: end\nid: 1\ndata: {}\n\n"


@needs_curl
async def test_the_sample_with_a_launch_tells_traces(opened: Opened) -> None:
    sample = SAMPLE.replace('"type": "action"', '"type": "launch"')
    async with served(opened.app) as address:
        names = {"{projectID}": "shop", "{userID}": "ada", "<api-key>": API_KEY}
        _, body = await run_curl(sample, address, names)
    *traces, end = data_of(body)
    assert {event for event, _ in traces} == {"trace"}
    assert "Hello, you!" in [data["payload"].get("message") for _, data in traces]
    for _, data in traces:
        assert {"type", "payload", "time", "turnID"} >= data.keys() >= {"type", "time", "turnID"}
    assert end == ("end", {})


async def test_one_user_is_one_conversation(client: httpx.AsyncClient) -> None:
    await client.post(PATH, json=LAUNCH, headers=AUTH)
    answer = await client.post(PATH, json={"action": {"type": "text", "payload": "hi"}}, headers=AUTH)
    assert '"message":"You said: hi"' in answer.text
    other = await client.post(
        PATH.replace("ada", "bob"), json={"action": {"type": "text", "payload": "hi"}}, headers=AUTH
    )
    assert '"message":"Hello, you!"' in other.text


async def test_null_action_is_accepted_and_an_absent_one_is_not(client: httpx.AsyncClient) -> None:
    assert "Hello, you!" in (await client.post(PATH, json={"action": None}, headers=AUTH)).text
    answer = await client.post(PATH, json={}, headers=AUTH)
    assert (answer.status_code, answer.json()["message"]) == (400, "action: expected object or null")


async def test_variables_are_merged_before_the_turn(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json=LAUNCH | {"variables": {"name": "Ada"}}, headers=AUTH)
    assert '"message":"Hello, Ada!"' in answer.text


async def test_state_is_told_before_the_end(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH + "?state=true", json=LAUNCH | {"variables": {"name": "Ada"}}, headers=AUTH)
    *traces, state, end = events_of(answer.content)
    assert [event.event for event in traces] == ["trace"] * len(traces)
    assert (state.event, end.event) == ("state", "end")
    assert (int(state.id), int(end.id)) == (len(traces) + 1, len(traces) + 2)
    told = json.loads(state.data)
    assert told.keys() == {"turn", "stack", "storage", "variables"}
    assert told["variables"]["name"] == "Ada"
    assert told["variables"]["user_id"] == "ada"
    without = await client.post(PATH, json=LAUNCH, headers=AUTH)
    assert "event: state" not in without.text


async def test_session_id_becomes_a_variable(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH + "?state=true", json=LAUNCH | {"sessionID": "s-1"}, headers=AUTH)
    assert json.loads(events_of(answer.content)[-2].data)["variables"]["session_id"] == "s-1"


@pytest.mark.parametrize(
    "query",
    [
        "environment=main",
        "environment=development",
        "environment=",
        "modality=voice&modality=chat",
        "modality=api",
        "audio_events=true&audio_encoding=audio/x-mulaw",
        "audio_events=false&audio_encoding=audio%2Fpcm",
        "completion_events=true",
        "completion_events=0",
        "userTimezone=America/Toronto",
        "userTimezone=Not/AZone",
        "versionVariant=draft",
        "versionVariant=published",
        "unknown=1",
    ],
)
async def test_documented_parameters_are_accepted(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.post(f"{PATH}?{query}", json=LAUNCH, headers=AUTH)
    assert answer.status_code == 200
    assert "Hello, you!" in answer.text


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("modality=smell", 400, "modality: expected voice or chat or api"),
        ("state=perhaps", 400, "state: expected true or false"),
        ("audio_encoding=audio/ogg", 400, "audio_encoding: expected audio/mp3 or audio/x-mulaw or audio/pcm"),
        ("environment=beta", 404, "Environment 'beta' does not exist. This project has: main."),
    ],
)
async def test_other_values_are_refused(client: httpx.AsyncClient, query: str, status: int, message: str) -> None:
    answer = await client.post(f"{PATH}?{query}", json=LAUNCH, headers=AUTH)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_timezone_reaches_the_flow(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH + "?state=true&userTimezone=Asia/Tokyo", json=LAUNCH, headers=AUTH)
    assert json.loads(events_of(answer.content)[-2].data)["variables"]["vf_user_timezone"] == "Asia/Tokyo"


async def test_debug_block_and_flow_traces_are_told_here(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json=LAUNCH, headers=AUTH)
    kinds = {json.loads(event.data)["type"] for event in events_of(answer.content)[:-1]}
    assert {"debug", "block", "text"} <= kinds


@pytest.mark.parametrize("headers", [{}, {"authorization": "VF.DM.a.b"}])
async def test_a_key_is_needed(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post(PATH, json=LAUNCH, headers=headers)
    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)


async def test_users_have_at_most_128_characters(client: httpx.AsyncClient) -> None:
    for length, status in ((128, 200), (129, 400)):
        path = PATH.replace("ada", "x" * length)
        assert (await client.post(path, json=LAUNCH, headers=AUTH)).status_code == status
