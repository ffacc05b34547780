"""Nodes that wait for a reply and keep it: capture, captureV2, capture-v3."""

from __future__ import annotations

from parley.domain.ids import StepID
from parley.domain.steps import Capture, Said, Step, WantedEntity
from parley.projects.vf.layout import Node
from parley.projects.vf.listening import read_listening
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, items, obj, objects, text

_DEFAULT_VARIABLE = "last_utterance"


def read_capture(node: Node, scene: Scene) -> Step:
    """The kind of 2021: the whole reply, or one entity, into a variable."""
    variable = scene.names.variable(node.data.get("variable")) or _DEFAULT_VARIABLE
    entity = scene.names.entity(node.data.get("slot"))
    if entity:
        return _capture(node, scene, (WantedEntity(entity, variable),))
    return _whole(node, scene, variable)


def read_capture_v2(node: Node, scene: Scene) -> Step:
    """`capture`: the whole reply (`query`) into a variable, or entities with their prompts."""
    capture = obj(node.data.get("capture"))
    wanted = tuple(w for each in objects(capture.get("items")) if (w := _wanted(each, scene)) is not None)
    if capture.get("type") != "query" and wanted:
        return _capture(node, scene, wanted)
    if capture.get("type") not in ("query", None):
        scene.remark("no entity to capture is named: the whole reply is kept")
    return _whole(node, scene, scene.names.variable(capture.get("variable")) or _DEFAULT_VARIABLE)


def read_capture_v3(node: Node, scene: Scene) -> Step:
    """`capture`: `user-reply` into a variable, or entities with messages that ask for them."""
    capture = obj(node.data.get("capture"))
    if capture.get("type") != "entity":
        return _whole(node, scene, scene.names.variable(capture.get("variableID")) or _DEFAULT_VARIABLE)
    wanted = tuple(w for each in objects(capture.get("items")) if (w := _wanted(each, scene)) is not None)
    if not wanted:
        return scene.pass_through(node, "no entity to capture is named: runs as a pass-through", node.ports.next)
    if obj(capture.get("automaticReprompt")):
        scene.remark("missing entities are asked for with their prompts, not with generated ones")
    if node.ports.named("exit-scenario") is not None:
        scene.remark("its exit scenarios are never taken")
    if objects(capture.get("rules")) or objects(at(capture, "automaticReprompt", "rules")):
        scene.remark("its rules are not checked")
    return _capture(node, scene, wanted)


def _whole(node: Node, scene: Scene, variable: str) -> Capture:
    step = StepID(node.id)
    return Capture(step, node.name, scene.next(node), variable=variable, listening=read_listening(node, scene))


def _capture(node: Node, scene: Scene, wanted: tuple[WantedEntity, ...]) -> Capture:
    step = StepID(node.id)
    return Capture(step, node.name, scene.next(node), entities=wanted, listening=read_listening(node, scene))


def _wanted(item: Obj, scene: Scene) -> WantedEntity | None:
    entity = scene.names.entity(item.get("entityID") or item.get("slot") or item.get("id"))
    if not entity:
        return None
    variable = scene.names.variable(item.get("variableID") or item.get("variable")) or entity
    return WantedEntity(entity, variable, _asked(item, scene))


def _asked(item: Obj, scene: Scene) -> tuple[Said, ...]:
    if text(item.get("repromptID")):
        return scene.message(item["repromptID"])
    return scene.prompts(items(at(item, "dialog", "prompt")))
