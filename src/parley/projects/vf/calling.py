"""Nodes that run code or call the world: code, api, api-v2, function.

Source: engine, sections 1.10 (code, integrations/custom_api, function) and 3 (data of the new nodes).
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec.structs import replace

from parley.domain.conditions import Literally, Template, Value
from parley.domain.ids import StepID
from parley.domain.step_parts import Way
from parley.domain.steps import Api, Code, Function, Step
from parley.domain.world_steps import Body, Captured, FormBody, Pair, RawBody
from parley.projects.vf.layout import Node
from parley.projects.vf.names import Names
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, obj, objects, text

_URLENCODED = frozenset({"urlEncoded", "url-encoded", "urlencoded", "x-www-form-urlencoded"})
_RAW = frozenset({"rawInput", "raw-input", "raw", "json"})
_FIELDS = frozenset({"formData", "form-data", "keyValue"}) | _URLENCODED


class Reading(Protocol):
    """Who reads requests: a scene, or the reader of tools."""

    names: Names
    rich: RichText

    def remark(self, what: str) -> None:
        """Say what differs."""
        ...


def read_code(node: Node, scene: Scene) -> Step:
    """`code`, and a path for each label that it may return."""
    paths = {}
    for index, path in enumerate(objects(node.data.get("paths"))):
        label = text(path.get("label"))
        if label:
            paths[label] = scene.go(node.ports.path(index, text(path.get("key"))))
    source = scene.names.code(text(node.data.get("code")))
    return Code(StepID(node.id), node.name, scene.next(node), source=source, paths=paths, failure=_failure(node, scene))


def read_api(node: Node, scene: Scene) -> Step:
    """The integration of old exports: `headers`, `params` and `mappings` of key and value."""
    data = node.data
    return Api(
        StepID(node.id),
        node.name,
        scene.next(node),
        url=_template(data.get("url"), scene).strip(),
        method=_method(data.get("method")),
        headers=_pairs(data.get("headers"), scene),
        params=_pairs(data.get("params"), scene),
        body=_body(text(data.get("bodyType")), data.get("body"), data.get("content"), scene),
        captures=_captures(data.get("mappings"), "var", scene),
        failure=_failure(node, scene),
    )


def read_api_v2(node: Node, scene: Scene) -> Step:
    """`httpMethod`, `queryParameters` and `responseMappings`, in Markup."""
    request = request_in(node.data, node.id, scene)
    return replace(request, name=node.name, then=scene.next(node), failure=_failure(node, scene))


def request_in(data: Obj, id: str, scene: Reading) -> Api:
    """The request itself, as nodes and tools have it."""
    written = obj(data.get("body"))
    kind = text(written.get("type")) or text(written.get("contentType")) or text(data.get("bodyType"))
    fields = written.get("formData") or written.get("urlEncoded") or written.get("data")
    content = written.get("content", written.get("rawInput", data.get("content")))
    return Api(
        StepID(id),
        url=_template(data.get("url"), scene).strip(),
        method=_method(data.get("httpMethod")),
        headers=_pairs(data.get("headers"), scene),
        params=_pairs(data.get("queryParameters"), scene),
        body=_body(kind, fields, content, scene),
        captures=_captures(data.get("responseMappings"), "variableID", scene),
        background=data.get("async") is True or data.get("isAsync") is True,
    )


def read_function(node: Node, scene: Scene) -> Step:
    """A function of the content library: inputs in Markup, outputs by variable, ports by path."""
    id = text(node.data.get("functionID"))
    inputs = {name: _input(value, scene) for name, value in obj(node.data.get("inputMapping")).items()}
    outputs = {}
    for name, variable in obj(node.data.get("outputMapping")).items():
        if text(variable):
            outputs[scene.names.variable(variable)] = name
    paths = {}
    for port, label in scene.names.paths_of(id).items():
        paths[label] = scene.go(node.ports.named(port))
    if not scene.names.has_function(id):
        scene.remark("its function is not in the file: the step fails")
    return Function(
        StepID(node.id),
        node.name,
        scene.next(node),
        function=id,
        inputs=inputs,
        outputs=outputs,
        paths=paths,
        failure=_failure(node, scene),
    )


def _failure(node: Node, scene: Scene) -> Way | None:
    """The way of failure where one is connected; what fails without one goes on."""
    target = node.ports.named("fail")
    return None if target is None else Way(scene.go(target))


def _input(written: Any, scene: Scene) -> Value:
    template = _template(written, scene)
    return Template(template) if "{" in template else Literally(template)


def _template(written: Any, scene: Reading) -> str:
    if isinstance(written, str):
        return scene.names.template(written)
    return scene.rich.template(written)


def _method(written: Any) -> str:
    return text(written).upper() or "GET"


def _pairs(written: Any, scene: Reading) -> tuple[Pair, ...]:
    found = []
    for each in objects(written):
        name = _template(each.get("key", ""), scene).strip()
        value = each.get("val", each.get("value", ""))
        if name:
            found.append(Pair(name, _template(value, scene)))
    return tuple(found)


def _body(kind: str, fields: Any, content: Any, scene: Reading) -> Body | None:
    if kind in _FIELDS:
        pairs = _pairs(fields, scene)
        return FormBody(pairs, "urlencoded" if kind in _URLENCODED else "form-data") if pairs else None
    if kind not in _RAW and kind:
        scene.remark(f"its body of kind '{kind}' is sent as text")
    template = _template(content, scene) if content else ""
    return RawBody(template) if template.strip() else None


def _captures(written: Any, key: str, scene: Reading) -> tuple[Captured, ...]:
    found: list[Captured] = []
    for each in objects(written):
        variable = scene.names.variable(each.get(key))
        if variable and text(each.get("path")):
            found.append(Captured(scene.names.template(text(each["path"])), variable))
    return tuple(found)
