"""The OpenAPI document of the Conversations API: whole, valid, and true of the code that parses what it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from described import faults, fragments, stream_faults
from estate_fixture import Ground, break_ground
from house_fixture import events_of, open_house
from parley import __version__
from parley.transports.http import (
    document_body,
    knowledge_body,
    session_routes,
    stable_conversation_routes,
    stable_environment_routes,
    stable_transcript_body,
    stable_transcript_routes,
    state_body,
    transcript_routes,
    turn_body,
    upload_routes,
    widget_routes,
)
from parley.transports.http.app import routes
from parley.transports.http.problems import STATUS
from parley.transports.http.stable_rights import RIGHTS

from .described_house import Example, open_described_house, prepared

ROUTES = sorted(fragments().described)
OF_EVERY_PATH = {"no_route", "method_not_allowed"}
"""Refusals of what no route is asked for."""
PARSED = {
    "startSession": session_routes.StartBody,
    "startSessionInEnvironment": session_routes.StartBody,
    "interact": turn_body.V4Body,
    "interactStream": turn_body.V4Body,
    "emitSessionEvent": turn_body.EventBody,
    "interactStreamForUser": turn_body.StreamBody,
    "interactForUser": turn_body.LegacyBody,
    "replaceState": state_body.StateBody,
    "setUpWidget": widget_routes.SetupBody,
    "downloadTranscript": transcript_routes.DownloadBody,
    "announceTranscript": transcript_routes.UpsertBody,
    "announceTranscriptOfProject": transcript_routes.UpsertBody,
    "askToSendFile": upload_routes.TicketBody,
    "stableSendTurn": stable_conversation_routes.SendBody,
    "stableReplaceState": stable_conversation_routes.StableState,
    "stableSetVariables": stable_conversation_routes.VariablesBody,
    "stableSearchTranscripts": stable_transcript_body.SearchBody,
    "stableCreateProperty": stable_transcript_routes.PropertyBody,
    "stableRenameProperty": stable_transcript_routes.RenameBody,
    "stableSetPropertyValue": stable_transcript_routes.ValueBody,
    "stableRenameEnvironment": stable_environment_routes.RenameBody,
    "stableCloneEnvironment": stable_environment_routes.CloneBody,
    "stablePublishEnvironment": stable_environment_routes.PublishBody,
    "stableMergeEnvironments": stable_environment_routes.MergeBody,
    "stableSplitTraffic": stable_environment_routes.TrafficBody,
    "queryKnowledgeBase": knowledge_body.LegacyBody,
    "stableQueryKnowledgeBase": knowledge_body.StableBody,
    "stableAddPage": document_body.UrlBody,
    "stableAddTable": document_body.TableBody,
    "stableDescribeDocument": document_body.UpdateBody,
}
"""What parses the body of an operation."""
ANY_OBJECT = {"setVariables", "giveFeedback", "takeWidgetLog"}
"""Operations whose bodies have no fields of their own."""
DERIVED = {"interactFromWidget": {"action", "config"}}
"""Bodies that are parsed as another one, of which these fields are read."""
CHECKED_LATER = (
    {"startSession": {"userID"}, "startSessionInEnvironment": {"userID"}, "setUpWidget": set()}
    | {name: {"action"} for name in ("interact", "interactStream", "emitSessionEvent", "interactStreamForUser")}
    | {name: {"sessionID"} for name in ("announceTranscript", "announceTranscriptOfProject")}
)
"""Fields that must be there, although the struct says otherwise: what is absent is refused by a check of its value."""


@pytest.fixture
async def document() -> dict[str, Any]:
    """All of it, as it is served."""
    ground: Ground = await break_ground()
    async with ground.client() as client:
        return (await client.get("/openapi.json")).json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a JSON value."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(each)


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of its JSON body, found where it is referred to."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema if "$ref" not in schema else fragments().schemas[schema["$ref"].rpartition("/")[2]]


async def test_routes_that_are_described_are_those_that_are_served() -> None:
    table = routes((await open_house()).house)
    served = {(each.path, method) for each in table.described for method in each.by_method}
    assert served == fragments().described


async def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", name)


async def test_document_says_what_it_is(document: dict[str, Any]) -> None:
    info = document["info"]
    assert (info["title"], info["version"]) == ("Parley", __version__)
    assert "authorization" in info["description"]
    assert "servers" not in document


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = [each["$ref"] for each in objects(document) if isinstance(each.get("$ref"), str)]
    assert len(found) > 300
    for reference in found:
        at: Any = document
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]


async def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for name, operation in operations(document):
        assert operation["summary"] and "`" not in operation["summary"] and "/" not in operation["summary"], name
        assert operation["tags"] and set(operation["tags"]) <= tags, name
        assert min(operation["responses"]) < "400", name
        assert all(each["description"] for each in operation["responses"].values()), name
        assert {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"} == set(
            re.findall(r"\{(\w+)\}", name)
        ), name


async def test_no_name_means_two_things(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert all(schemas[name] == schema for name, schema in fragments().schemas.items())


def test_every_refusal_is_told_with_its_meaning() -> None:
    told = fragments().whole["codes"]
    assert set(told) == set(STATUS) - OF_EVERY_PATH
    groups = fragments().whole["refusals"]
    assert {code for codes in groups.values() for code in codes} <= set(told)


def test_roles_are_those_that_are_asked_for() -> None:
    for (method, path), role in RIGHTS.items():
        assert f"role `{role}`" in fragments().operation(path, method)["description"], path


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_a_body_is_described_as_it_is_parsed(route: tuple[str, str]) -> None:
    operation = fragments().operation(*route)
    id = operation["operationId"]
    if "application/json" not in operation.get("requestBody", {}).get("content", {}) or id in ANY_OBJECT:
        assert id not in PARSED
        return
    schema = body_of(operation)
    if id in DERIVED:
        assert set(schema["properties"]) == DERIVED[id]
        return
    fields = msgspec.structs.fields(PARSED[id])
    assert set(schema["properties"]) == {field.encode_name for field in fields}
    required = CHECKED_LATER.get(id) or {field.encode_name for field in fields if field.required}
    assert set(schema.get("required", ())) == required
    is_closed = PARSED[id].__struct_config__.forbid_unknown_fields
    assert (schema.get("additionalProperties") is False) == is_closed


def test_settings_are_described_as_they_are_parsed() -> None:
    for name, parsed in (
        ("TurnSettings", turn_body.V4Config),
        ("LegacySettings", turn_body.LegacyConfig),
        ("AnswerSettings", knowledge_body.SettingsBody),
        ("FrameToSet", state_body.FrameBody),
    ):
        fields = {field.encode_name for field in msgspec.structs.fields(parsed)}
        assert set(fragments().schemas[name]["properties"]) == fields, name
    settings = fragments().schemas["TurnSettings"]["properties"]
    assert settings["concurrency"]["enum"] == [*turn_body.POLICIES, None]
    assert settings["logs"]["enum"] == [*turn_body.LOGS, None]
    assert settings["audioEncoding"]["enum"] == [*turn_body.ENCODINGS, None]


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_examples_are_of_the_form_that_they_are_examples_of(route: tuple[str, str]) -> None:
    operation = fragments().operation(*route)
    contents: list[dict[str, Any]] = [operation.get("requestBody", {}).get("content", {})]
    contents += [answer.get("content", {}) for answer in operation["responses"].values()]
    media = [each for content in contents for kind, each in content.items() if kind != "text/event-stream"]
    assert [faults(each["example"], each["schema"]) for each in media if "example" in each] == [
        [] for each in media if "example" in each
    ]
    request = operation.get("requestBody", {}).get("content", {}).get("application/json")
    assert request is None or "example" in request


@pytest.mark.parametrize("route", [each for each in ROUTES if each[0].endswith("/stream")], ids=" ".join)
def test_examples_of_streams_are_streams(route: tuple[str, str]) -> None:
    example = fragments().operation(*route)["responses"]["200"]["content"]["text/event-stream"]["example"]
    assert [event.event for event in events_of(example.encode())] == ["trace", "end"]
    assert stream_faults(example.encode()) == []


def test_examples_of_schemas_are_of_their_form() -> None:
    for name, schema in fragments().schemas.items():
        for example in schema.get("examples", ()):
            assert faults(example, schema) == [], name


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_house_takes_the_example(tmp_path: Path, route: tuple[str, str]) -> None:
    example = Example(route[1], route[0])
    async with open_described_house(tmp_path) as opened, opened.client() as client:
        known = await prepared(client, example.operation["operationId"])
        if example.takes_a_form:
            assert example.body is None
            return
        answer = await example.send(client, known)
        if example.operation["operationId"] == "getSessionEvent":
            # An event has a receipt where a socket heard it: there is none here.
            assert answer.json()["code"] == "no_injection"
        else:
            assert answer.status_code < 300, answer.text
