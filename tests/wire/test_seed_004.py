"""Interact (stream) v4: the documented sample, the body's fields, and the headers of the answer."""

from __future__ import annotations

import json

import pytest

from house_fixture import API_KEY, Opened, Talk, events_of, messages, served
from wire.curl import data_of, needs_curl, run_curl

SAMPLE = """\
curl --request POST \\
  --url https://general-runtime.voiceflow.com/v4/interact/stream \\
  --header 'Content-Type: application/json' \\
  --header 'authorization: <api-key>' \\
  --data '
{
  "action": {
    "type": "launch",
    "payload": {
      "persona": "<string>"
    },
    "diagramID": "<string>",
    "time": 123,
    "metadata": {}
  },
  "variables": {},
  "state": "<unknown>",
  "config": {}
}
'"""


@needs_curl
async def test_the_sample_as_written(opened: Opened, talk: Talk) -> None:
    async with served(opened.app) as address:
        head, body = await run_curl(SAMPLE, address, {"<api-key>": talk.key})
    assert head.startswith("HTTP/1.1 200 OK")
    *traces, end = data_of(body)
    assert messages([data for _, data in traces]) == ["Hello, you!"]
    assert len({data["turnID"] for _, data in traces}) == 1
    assert all(isinstance(data["time"], int) and data["time"] > 10**12 for _, data in traces)
    assert end == ("end", {})


async def test_an_api_key_is_no_session_key(talk: Talk) -> None:
    for send in (talk.send, talk.stream):
        answer = await send({"type": "launch"}, {"authorization": API_KEY})
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json() == {
            "statusCode": 401,
            "error": "Unauthorized",
            "message": "This is an API key; a session key is needed here. Start a session to get one.",
            "code": "unauthorized",
        }


async def test_stream_and_whole_answer_tell_the_same(talk: Talk) -> None:
    streamed = [json.loads(e.data) for e in events_of((await talk.stream({"type": "launch"})).content)[:-1]]
    whole = (await talk.send({"type": "launch"})).json()
    assert list(whole) == ["traces"]
    assert [t["type"] for t in streamed] == [t["type"] for t in whole["traces"]]
    assert messages(streamed) == messages(whole["traces"]) == ["Hello, you!"]


async def test_answers_name_session_and_turn(opened: Opened, talk: Talk) -> None:
    session = opened.house.keys.read(talk.key).session
    for answer in (await talk.send({"type": "launch"}), await talk.stream({"type": "launch"})):
        assert answer.headers["x-session-id"] == session
        assert len(answer.headers["x-turn-id"]) == 24
        assert f'"turnID":"{answer.headers["x-turn-id"]}"' in answer.text


async def test_variables_and_state_variables_are_merged_before_the_turn(talk: Talk) -> None:
    assert await talk.launch(variables={"name": "Ada"}) == ["Hello, Ada!"]
    assert await talk.launch(state={"variables": {"name": "Bob"}}) == ["Hello, Bob!"]
    assert await talk.launch(state={"variables": {"name": "Bob"}}, variables={"name": "Cy"}) == ["Hello, Cy!"]
    assert await talk.launch(state=None, variables=None, config=None) == ["Hello, Cy!"]


async def test_other_parts_of_state_are_refused(talk: Talk) -> None:
    answer = await talk.send({"type": "launch"}, state={"variables": {}, "stack": []})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "state.stack: only 'variables' can be given here; the rest of the state is the server's"
    )


async def test_built_in_variables_cannot_be_set(talk: Talk) -> None:
    sent = {"user_id": "eve", "sessions": 99, "last_utterance": "x", "timestamp": 1, "name": "Ada"}
    answer = await talk.send({"type": "launch"}, variables=sent, config={"state": True})
    variables = answer.json()["state"]["variables"]
    assert (variables["user_id"], variables["name"], variables["sessions"]) == ("ada", "Ada", 1)
    assert variables["timestamp"] > 1_600_000_000


async def test_state_is_told_when_asked_for(talk: Talk) -> None:
    answer = await talk.stream({"type": "launch"}, config={"state": True})
    *_, state, end = events_of(answer.content)
    assert (state.event, end.event, int(end.id) - int(state.id)) == ("state", "end", 1)
    assert json.loads(state.data)["stack"][0]["diagramID"] == "main"


async def test_exclude_types_has_no_default_here(talk: Talk) -> None:
    everything = {t["type"] for t in (await talk.send({"type": "launch"})).json()["traces"]}
    assert {"debug", "block", "text"} <= everything
    fewer = (await talk.send({"type": "launch"}, config={"excludeTypes": ["debug", "block"]})).json()["traces"]
    assert {"debug", "block"}.isdisjoint(t["type"] for t in fewer)
    events = events_of((await talk.stream({"type": "launch"}, config={"excludeTypes": ["debug", "block"]})).content)
    assert [event.id for event in events] == [str(i + 1) for i in range(len(events))]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"variables": []}, "variables: expected object or null"),
        ({"variables": "x"}, "variables: expected object or null"),
        ({"state": {"variables": 5}}, "state.variables: expected object"),
        ({"config": 5}, "config: expected object or null"),
        ({"config": {"completionEvents": "yes"}}, "config.completionEvents: expected boolean or null"),
        ({"config": {"excludeTypes": "debug"}}, "config.excludeTypes: expected array or null"),
        ({"config": {"excludeTypes": ["debug", 5]}}, "config.excludeTypes[1]: expected string"),
        ({"config": {"concurrency": "often"}}, "config.concurrency: expected enqueue or reject or interrupt or merge"),
        (
            {"config": {"audioEncoding": "audio/ogg"}},
            "config.audioEncoding: expected audio/mp3 or audio/x-mulaw or audio/pcm",
        ),
    ],
)
async def test_wrong_types_are_named_by_path(talk: Talk, more: dict[str, object], message: str) -> None:
    for send in (talk.send, talk.stream):
        answer = await send({"type": "launch"}, **more)
        assert answer.status_code == 400
        assert answer.json() == {
            "statusCode": 400,
            "error": "Bad Request",
            "message": message,
            "code": "invalid_input",
        }


async def test_config_takes_what_is_documented(talk: Talk) -> None:
    config = {
        "userTimezone": "America/Toronto",
        "completionEvents": True,
        "audioEvents": True,
        "audioEncoding": "audio/pcm",
        "excludeTypes": [],
        "state": False,
        "concurrency": "enqueue",
        "unknown": {"field": 1},
    }
    assert await talk.launch(config=config) == ["Hello, you!"]


async def test_completion_flag_in_the_query_means_nothing(talk: Talk) -> None:
    answer = await talk.client.post(
        "/v4/interact/stream?completion_events=true&nonsense",
        json={"action": {"type": "launch"}},
        headers={"authorization": talk.key},
    )
    assert answer.status_code == 200
