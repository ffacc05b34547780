"""The custom action: a trace of the agent's own type, with the ways on that a client can choose.

Bodies are JSON in which placeholders may stand outside of quotes: `{"seats": {numberOfSeats}}`.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from parley.domain.ids import StepID
from parley.domain.steps import ActionPath, CustomAction, Step
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, obj, objects, text

_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"'  # a string: its placeholders are where templates expect them
    r"|\{?\{(\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*)\}\}?",
    re.ASCII | re.DOTALL,
)


def read_trace(node: Node, scene: Scene) -> Step:
    """`payload`: name, body and whether the client must answer; `paths`: what it may answer."""
    payload = obj(node.data.get("payload"))
    name = text(payload.get("name")) or text(node.data.get("name"))
    written = objects(node.data.get("paths"))
    default = _default(node.data, written)
    paths = tuple(
        ActionPath(text(path.get("label")) or f"path-{i + 1}", _way(i, path, default, node, scene))
        for i, path in enumerate(written)
    )
    body, is_json = _body(payload if "body" in payload else node.data, scene)
    return CustomAction(
        StepID(node.id),
        node.name,
        paths[default].then if default is not None else scene.next(node),
        action=name,
        body=body,
        body_is_json=is_json,
        stop=payload.get("isBlocking") is True or node.data.get("stop") is True,
        paths=paths,
        default=default,
        everywhere=payload.get("scope") == "global",
    )


def _default(data: Obj, paths: list[Obj]) -> int | None:
    written = data.get("defaultPath")
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written < len(paths):
        return written
    return next((i for i, path in enumerate(paths) if path.get("isDefault") is True), None)


def _way(index: int, path: Obj, default: int | None, node: Node, scene: Scene) -> StepID | None:
    target = node.ports.path(index, text(path.get("key")))
    return scene.follow(node, target) if index == default else scene.go(target)


def _body(payload: Obj, scene: Scene) -> tuple[Any, bool]:
    """The body, and whether it is JSON."""
    written = payload.get("body")
    if not isinstance(written, str):
        return written, True
    template = scene.names.template(written)
    if payload.get("bodyType", "json") != "json":
        return template, False
    if not template.strip():
        return "", True
    try:
        return msgspec.json.decode(_PIECE.sub(_quoted, template).encode("utf-8", "replace")), True
    except (msgspec.MsgspecError, RecursionError):
        scene.remark("its body is not JSON and is sent as text")
        return template, False


def _quoted(piece: re.Match[str]) -> str:
    return piece[0] if piece[1] is None else '"{' + piece[1] + '}"'
