"""The legacy interact and the state routes (Conversations API 2.2 and 2.3)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from house_fixture import API_KEY, MAIN, Opened, messages, open_house, split_project
from parley.domain.conditions import Literally, Template
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID
from parley.domain.program import Program, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import Assignment, Capture, Set

USER = "/state/user/ada"
INTERACT = f"{USER}/interact"
VARIABLES = f"{USER}/variables"
AUTH = {"authorization": API_KEY, "projectID": "shop"}
LAUNCH = {"action": {"type": "launch"}}


def text(payload: str) -> dict[str, Any]:
    return {"action": {"type": "text", "payload": payload}}


async def interact(client: httpx.AsyncClient, body: object, query: str = "") -> Any:
    answer = await client.post(INTERACT + query, json=body, headers=AUTH)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_answer_is_a_bare_array_without_block_debug_and_flow(client: httpx.AsyncClient) -> None:
    traces = await interact(client, LAUNCH)
    assert isinstance(traces, list)
    assert messages(traces) == ["Hello, you!"]
    assert {"block", "debug", "flow"}.isdisjoint(trace["type"] for trace in traces)
    assert messages(await interact(client, text("hi"))) == ["You said: hi"]


async def test_logs_are_told_to_those_who_ask(client: httpx.AsyncClient) -> None:
    traces = await interact(client, LAUNCH, "?logs=info")
    logs = [trace["payload"] for trace in traces if trace["type"] == "log"]
    assert {log["kind"] for log in logs} >= {"global.start", "step.message"}
    assert all(log["level"] == "info" and log["timestamp"].endswith("Z") for log in logs)
    traces = await interact(client, LAUNCH | {"config": {"excludeTypes": ["log"]}}, "?logs=verbose")
    assert "log" not in {trace["type"] for trace in traces}
    assert "log" not in {trace["type"] for trace in await interact(client, LAUNCH, "?logs=off")}


async def test_exclude_types_replaces_the_default(client: httpx.AsyncClient) -> None:
    traces = await interact(client, LAUNCH | {"config": {"excludeTypes": []}})
    assert {"debug", "block"} <= {trace["type"] for trace in traces}
    traces = await interact(client, LAUNCH | {"config": {"excludeTypes": ["text"]}})
    assert messages(traces) == []


async def test_verbose_adds_state_and_request(client: httpx.AsyncClient) -> None:
    answer = await interact(client, LAUNCH, "?verbose=true")
    assert list(answer) == ["state", "trace", "request"]
    assert messages(answer["trace"]) == ["Hello, you!"]
    assert answer["request"] == LAUNCH["action"]
    assert answer["state"]["stack"][0]["diagramID"] == "main"
    assert isinstance(await interact(client, LAUNCH, "?verbose=false&logs=info"), list)


async def test_request_is_the_old_name_of_action_and_action_wins(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH)
    said = await interact(client, {"request": text("old")["action"]})
    assert messages(said) == ["You said: old"]
    said = await interact(client, {"request": text("old")["action"], **text("new")})
    assert messages(said) == ["You said: new"]


async def test_no_action_begins_and_then_means_silence(client: httpx.AsyncClient) -> None:
    assert messages(await interact(client, {})) == ["Hello, you!"]
    assert messages(await interact(client, {"action": None})) != ["Hello, you!"]


async def test_state_variables_are_merged_deeply(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH | {"state": {"variables": {"cart": {"a": {"x": 1}, "b": 2}}}})
    answer = await interact(client, LAUNCH | {"state": {"variables": {"cart": {"a": {"y": 3}}}}}, "?verbose=1")
    assert answer["state"]["variables"]["cart"] == {"a": {"x": 1, "y": 3}, "b": 2}


async def test_the_whole_documented_config_is_accepted(client: httpx.AsyncClient) -> None:
    config = {
        "tts": False,
        "stripSSML": True,
        "stopAll": False,
        "stopTypes": [],
        "excludeTypes": ["block", "debug", "flow"],
        "selfDelegate": False,
    }
    assert messages(await interact(client, LAUNCH | {"state": {"variables": {}}, "config": config})) == ["Hello, you!"]


async def test_version_header_names_an_environment(client: httpx.AsyncClient) -> None:
    for version, status in (("development", 200), ("production", 200), ("main", 200), ("beta", 400)):
        answer = await client.post(INTERACT, json=LAUNCH, headers=AUTH | {"versionID": version})
        assert answer.status_code == status
    assert answer.json()["name"] == "verror"
    assert answer.json()["message"].startswith("Cannot resolve version alias, ")
    assert answer.json().keys() == {"name", "message", "requestID"}


async def test_version_header_may_be_a_version() -> None:
    opened = await open_house(split_project())
    candidate = opened.house.catalog.projects()
    version = opened.house.catalog.current(next(iter(candidate)).environment("candidate")).version
    async with opened.client() as client:
        answer = await client.post(INTERACT, json=LAUNCH, headers=AUTH | {"versionID": version})
        assert messages(answer.json()) == ["Hello from candidate."]


async def test_a_missing_key_has_the_documented_body(client: httpx.AsyncClient) -> None:
    answer = await client.post(INTERACT, json=LAUNCH)
    assert answer.status_code == 401
    body = answer.json()
    assert body.keys() == {"code", "status", "dateTime", "timestamp", "data"}
    assert (body["code"], body["status"], body["data"]) == (401, "Unauthorized", "Auth Key Required")
    assert isinstance(body["timestamp"], int)
    assert body["dateTime"].endswith("Z")


async def test_an_unknown_project_has_the_documented_body(client: httpx.AsyncClient) -> None:
    answer = await client.post(INTERACT, json=LAUNCH, headers=AUTH | {"projectID": "nope"})
    assert answer.status_code == 404
    assert answer.json()["data"] == "Model not found. Ensure project is properly rendered."


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b'{"action": 5}', "verror", "action: expected object"),
        (b'{"action": {"type": "text"}}', "verror", "action.payload: expected string"),
        (b'{"action": {"type": "launch"}, "config": {"tts": 1}}', "verror", "config.tts: expected boolean or null"),
        (b"{", "SyntaxError", "The body is not valid JSON: Input data was truncated."),
        (b"", "SyntaxError", "The body is empty; a JSON object is expected."),
    ],
)
async def test_bad_bodies(client: httpx.AsyncClient, content: bytes, name: str, message: str) -> None:
    answer = await client.post(INTERACT, content=content, headers=AUTH)
    assert answer.status_code == 400
    assert (answer.json()["name"], answer.json()["message"]) == (name, message)


async def test_state_of_an_unknown_user_is_empty(client: httpx.AsyncClient) -> None:
    answer = await client.get(USER, headers=AUTH)
    assert (answer.status_code, answer.json()) == (200, {})


async def test_state_has_the_documented_shape(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH)
    state = (await client.get(USER, headers=AUTH)).json()
    assert state.keys() == {"turn", "stack", "storage", "variables"}
    (frame,) = state["stack"]
    assert frame.keys() >= {"nodeID", "diagramID", "name", "storage", "variables", "commands", "dynamicCommands"}
    assert (frame["nodeID"], frame["diagramID"]) == ("listen", "main")
    assert {"user_id", "sessions", "timestamp", "vf_now", "last_event", "name"} <= state["variables"].keys()


async def test_what_get_returns_can_be_put_back(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH)
    state = (await client.get(USER, headers=AUTH)).json()
    await interact(client, text("buttons"))
    answer = await client.put(USER, json=state, headers=AUTH)
    assert answer.status_code == 200
    assert answer.json()["stack"] == state["stack"]
    assert messages(await interact(client, text("hi"))) == ["You said: hi"]


async def test_put_replaces_the_whole_state(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH)
    stack = [{"diagramID": "main", "nodeID": "listen", "storage": {}, "variables": {}, "commands": []}]
    body = {"stack": stack, "storage": {"mine": 1}, "variables": {"color": "red", "user_id": "eve"}}
    state = (await client.put(USER, json=body, headers=AUTH)).json()
    assert state["variables"]["color"] == "red"
    assert "name" not in state["variables"]
    assert state["variables"]["user_id"] == "ada"
    assert state["storage"] == {"mine": 1}
    assert (await client.get(USER, headers=AUTH)).json()["storage"] == {"mine": 1}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "stack: expected a value, but there is none"),
        ({"stack": {}, "storage": {}, "variables": {}}, "stack: expected array"),
        ({"stack": [], "storage": [], "variables": {}}, "storage: expected object"),
        ({"stack": [5], "storage": {}, "variables": {}}, "stack[0]: expected object"),
        (
            {"stack": [{"diagramID": "nope"}], "storage": {}, "variables": {}},
            "stack[0].diagramID: expected the id of a workflow of this agent",
        ),
        (
            {"stack": [{"diagramID": "main", "nodeID": "nope"}], "storage": {}, "variables": {}},
            "stack[0].nodeID: expected the id of a step of 'main'",
        ),
        ({"stack": [{"diagramID": "main"}] * 61, "storage": {}, "variables": {}}, "stack: expected at most 60 entries"),
        (
            {"stack": [], "storage": {"_memory_": [{"role": 1}]}, "variables": {}},
            "storage._memory_: expected list of {role, content}",
        ),
        (
            {"stack": [{"diagramID": "main", "storage": {"outputs": 5}}], "storage": {}, "variables": {}},
            "stack[0].storage.outputs: expected object of strings",
        ),
        (
            {"stack": [], "storage": {}, "variables": {"big": "x" * 262144}},
            "variables: expected at most 262144 bytes for all of a session's variables",
        ),
    ],
)
async def test_a_state_that_nothing_could_go_on_from_is_refused(
    client: httpx.AsyncClient, body: object, message: str
) -> None:
    await interact(client, LAUNCH)
    before = (await client.get(USER, headers=AUTH)).json()["stack"]
    answer = await client.put(USER, json=body, headers=AUTH)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert answer.json()["code"] == "invalid_input"
    assert (await client.get(USER, headers=AUTH)).json()["stack"] == before


async def test_post_begins_anew_and_keeps_the_variables(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH | {"state": {"variables": {"name": "Ada"}}})
    state = (await client.post(USER, headers=AUTH)).json()
    assert (state["stack"], state["storage"], state["variables"]["name"]) == ([], {}, "Ada")
    assert messages(await interact(client, text("hi"))) == ["Hello, Ada!"]


async def test_patch_merges_a_flat_map(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH)
    answer = await client.patch(VARIABLES, json={"name": "Ada", "extra": {"a": 1}, "user_id": "eve"}, headers=AUTH)
    assert answer.status_code == 200
    variables = answer.json()["variables"]
    assert (variables["name"], variables["extra"], variables["user_id"]) == ("Ada", {"a": 1}, "ada")
    assert messages(await interact(client, LAUNCH)) == ["Hello, Ada!"]


async def test_variables_can_be_set_before_the_first_turn(client: httpx.AsyncClient) -> None:
    answer = await client.patch(VARIABLES, json={"name": "Ada"}, headers=AUTH)
    assert answer.json()["stack"] == []
    assert messages(await interact(client, LAUNCH)) == ["Hello, Ada!"]


@pytest.mark.parametrize("body", [[], "x", 5, None])
async def test_patch_takes_an_object_only(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.patch(VARIABLES, content=b"null" if body is None else None, json=body, headers=AUTH)
    assert (answer.status_code, answer.json()["message"]) == (400, "body: expected object")


async def test_too_many_variables_are_refused_before_any_effect(client: httpx.AsyncClient) -> None:
    await client.patch(VARIABLES, json={"a": "x" * 200_000}, headers=AUTH)
    for answer in (
        await client.patch(VARIABLES, json={"b": "x" * 100_000, "name": "no"}, headers=AUTH),
        await client.post(INTERACT, json=LAUNCH | {"state": {"variables": {"b": "x" * 100_000}}}, headers=AUTH),
    ):
        assert answer.status_code == 400
        assert "262144 bytes" in answer.json()["message"]
    variables = (await client.get(USER, headers=AUTH)).json()["variables"]
    assert (variables["name"], "b" in variables) == ("you", False)
    assert messages(await interact(client, LAUNCH)) == ["Hello, you!"]


async def test_delete_forgets_everything(client: httpx.AsyncClient) -> None:
    await interact(client, LAUNCH | {"state": {"variables": {"name": "Ada"}}})
    answer = await client.delete(USER, headers=AUTH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await client.get(USER, headers=AUTH)).json() == {}
    assert messages(await interact(client, LAUNCH)) == ["Hello, you!"]


async def test_deleting_an_unknown_user_is_no_error(client: httpx.AsyncClient) -> None:
    assert (await client.delete(USER, headers=AUTH)).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", USER), ("PUT", USER), ("DELETE", USER), ("PATCH", VARIABLES)])
async def test_state_routes_need_a_key(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path, headers={"projectID": "shop"}, json={})
    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)


async def test_a_key_for_several_projects_needs_one_to_be_named() -> None:
    opened = await open_house(split_project("a"), split_project("b"))
    async with opened.client() as client:
        answer = await client.get(USER, headers={"authorization": API_KEY})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
        assert "projectID" in answer.json()["message"]


async def test_a_changed_state_survives_the_process(opened: Opened, client: httpx.AsyncClient) -> None:
    await client.patch(VARIABLES, json={"name": "Ada"}, headers=AUTH)
    again = await open_house(store=opened.store)
    async with again.client() as other:
        assert (await other.get(USER, headers=AUTH)).json()["variables"]["name"] == "Ada"


async def test_users_have_at_most_128_characters(client: httpx.AsyncClient) -> None:
    for length, status in ((128, 200), (129, 400)):
        answer = await client.get(f"/state/user/{'x' * length}", headers=AUTH)
        assert answer.status_code == status


async def test_properties_of_the_transcript_are_shown_and_outlive_a_launch() -> None:
    heard = Capture(StepID("heard"), then=StepID("note"), variable="name")
    properties = (Assignment("topic", Literally({"id": 3})), Assignment("caller", Template("{name}")))
    note = Set(StepID("note"), then=heard.id, properties=properties)
    program = Program("notes", MAIN, {MAIN: Workflow(MAIN, "Main", {heard.id: heard, note.id: note}, heard.id)})
    environment = Environment(EnvironmentAlias("main"), program, 100)
    opened = await open_house(Project(ProjectID("shop"), "Shop", (environment,)))
    async with opened.client() as client:
        for body in (LAUNCH, text("Ada"), LAUNCH):
            await interact(client, body)
        state = (await client.get(USER, headers=AUTH)).json()
    assert state["storage"]["transcriptProperties"] == {"topic": {"id": 3}, "caller": "Ada"}
