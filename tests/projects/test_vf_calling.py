"""Nodes of exports that run code or call the world."""

from __future__ import annotations

from typing import Any

from parley.domain.conditions import Literally, Template
from parley.domain.program import FunctionDefinition, Program
from parley.domain.step_parts import Way
from parley.domain.steps import Api, Code, Function
from parley.domain.world_steps import Captured, FormBody, Pair, RawBody
from parley.projects.vf.compiler import compile_export


def target(node: str | None) -> dict[str, Any]:
    return {"id": "p", "type": "next", "target": node}


def program_with(node: dict[str, Any], **more: Any) -> Program:
    nodes = {
        "start": {"nodeID": "start", "type": "start", "data": {"portsV2": {"builtIn": {"next": target("it")}}}},
        "it": {"nodeID": "it", **node},
        "one": {"nodeID": "one", "type": "text", "data": {"texts": []}},
        "two": {"nodeID": "two", "type": "text", "data": {"texts": []}},
    }
    export = {
        "version": {"_version": 13, "rootDiagramID": "d", "variables": ["size"]},
        "project": {"_id": "p", "name": "P"},
        "diagrams": {"d": {"_id": "d", "name": "ROOT", "type": "TOPIC", "nodes": nodes}},
        "variables": [{"id": "v1", "name": "size", "datatype": "text"}, {"id": "v2", "name": "found"}],
        "secrets": [{"id": "s1", "name": "orders_key"}],
        **more,
    }
    return compile_export(export, "x.vf", "x").loaded.project.environments[0].program


def it(program: Program) -> Any:
    return program.workflows["d"].steps["it"]


def test_code_has_a_way_for_each_label_and_one_for_failure() -> None:
    ports = {
        "byKey": {"k1": target("one"), "k2": target(None)},
        "builtIn": {"next": target("two"), "fail": target("one")},
    }
    data = {
        "name": "Count",
        "code": "const {size} = last_event; n = {{[size].v1}} + 1",
        "paths": [{"label": "a", "key": "k1"}, {"label": "b", "key": "k2"}],
        "portsV2": ports,
    }
    assert it(program_with({"type": "code", "data": data})) == Code(
        "it",
        "Count",
        "two",
        source="const {size} = last_event; n = size + 1",
        paths={"a": "one", "b": None},
        failure=Way("one"),
    )


def test_an_api_node_of_old_exports() -> None:
    data = {
        "url": "https://x.test/{{[size].v1}}",
        "method": "post",
        "headers": [{"key": "Authorization", "val": "Bearer {{[size].v1}}"}, {"key": "", "val": "x"}],
        "params": [{"key": "q", "val": "{size}"}],
        "bodyType": "rawInput",
        "content": '{"a": "{{[size].v1}}"}',
        "mappings": [{"path": "response.items[0].id", "var": "v2"}, {"path": "", "var": "v2"}],
        "portsV2": {"builtIn": {"next": target("one"), "fail": target(None)}},
    }
    program = program_with({"type": "api", "data": data})
    assert it(program) == Api(
        "it",
        "",
        "one",
        url="https://x.test/{size}",
        method="POST",
        headers=(Pair("Authorization", "Bearer {size}"),),
        params=(Pair("q", "{size}"),),
        body=RawBody('{"a": "{size}"}'),
        captures=(Captured("response.items[0].id", "found"),),
    )
    form = {**data, "bodyType": "formData", "body": [{"key": "a", "val": "b"}]}
    assert it(program_with({"type": "api", "data": form})).body == FormBody((Pair("a", "b"),), "form-data")


def test_an_api_node_of_new_exports_and_its_secrets() -> None:
    data = {
        "url": [{"text": ["https://x.test/", {"variableID": "v1"}]}],
        "httpMethod": "get",
        "headers": [{"id": "h", "key": "x-key", "value": [{"text": [{"secretID": "s1"}]}]}],
        "queryParameters": [],
        "responseMappings": [{"id": "m", "path": "servers", "variableID": "v2"}],
        "portsV2": {"byKey": {"next": target("one"), "fail": target("two")}},
    }
    assert it(program_with({"type": "api-v2", "data": data})) == Api(
        "it",
        "",
        "one",
        url="https://x.test/{size}",
        method="GET",
        headers=(Pair("x-key", "{secret.orders_key}"),),
        captures=(Captured("servers", "found"),),
        failure=Way("two"),
    )


def test_a_function_node_and_its_function() -> None:
    data = {
        "functionID": "f1",
        "inputMapping": {"q": [{"text": ["say ", {"variableID": "v1"}]}], "n": [{"text": ["5"]}]},
        "outputMapping": {"answer": "v2", "unused": None},
        "portsV2": {"byKey": {"__vf__default": target("one"), "fp1": target("two")}},
    }
    program = program_with(
        {"type": "function", "data": data},
        functions=[{"id": "f1", "name": "Ask", "code": "export default async () => ({})", "pathOrder": ["fp1"]}],
        functionPaths=[{"id": "fp1", "name": "known", "label": "Known", "functionID": "f1"}],
        functionVariables=[
            {"id": "x", "name": "q", "type": "input", "functionID": "f1"},
            {"id": "y", "name": "answer", "type": "output", "functionID": "f1"},
        ],
    )
    assert it(program) == Function(
        "it",
        "",
        "one",
        function="f1",
        inputs={"q": Template("say {size}"), "n": Literally("5")},
        outputs={"found": "answer"},
        paths={"known": "two"},
    )
    assert program.functions == {
        "f1": FunctionDefinition("Ask", "export default async () => ({})", ("q",), ("answer",), ("known",))
    }
