"""Nodes that wait for a reply and keep it: capture, captureV2, capture-v3, listen, ai_capture."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.ids import StepID
from parley.domain.prompt import Briefing
from parley.domain.steps import Capture, Exits, Said, Step, WantedEntity, Way
from parley.projects.vf.guessing import LISTENING, guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.listening import read_listening
from parley.projects.vf.prompts import model_settings
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, items, obj, objects, text

_DEFAULT_VARIABLE = "last_utterance"
_BY_MODEL = (
    *("entities", "rules", "exitPath", "exitScenerios", "exitScenarios"),
    *("system", "model", "maxTokens", "temperature", "overrideParams"),
)
_ANSWERS = "its utterances for answers are not read: the entity is looked for in the whole reply"


def read_capture(node: Node, scene: Scene) -> Step:
    """The kind of 2021: the whole reply, or one entity, into a variable."""
    written = scene.names.variable(node.data.get("variable"))
    entity = scene.names.entity(node.data.get("slot"))
    if entity:
        if any(items(node.data.get("slotInputs"))):
            scene.remark(_ANSWERS)
        return _capture(node, scene, (WantedEntity(entity, written or entity),))
    scene.remark("numbers in words stay words: 'twenty' was kept as 20")
    return _whole(node, scene, written or _DEFAULT_VARIABLE)


def read_capture_v2(node: Node, scene: Scene) -> Step:
    """`capture`: the whole reply (`query`) into a variable, or entities with their prompts: slots of an own intent."""
    capture = obj(node.data.get("capture"))
    slots = objects(capture.get("items")) or objects(at(capture, "intent", "slots"))
    wanted = tuple(w for each in slots if (w := _wanted(each, scene)) is not None)
    if capture.get("type") != "query" and any(objects(at(slot, "dialog", "utterances")) for slot in slots):
        scene.remark(_ANSWERS)
    if capture.get("type") != "query" and wanted:
        return _capture(node, scene, wanted)
    if capture.get("type") not in ("query", None):
        scene.remark("no entity to capture is named: the whole reply is kept")
    return _whole(node, scene, scene.names.variable(capture.get("variable")) or _DEFAULT_VARIABLE)


def read_capture_v3(node: Node, scene: Scene) -> Step:
    """`capture`: `user-reply` into a variable, or entities with messages that ask for them.

    `automaticReprompt`: a model asks for what is missing; its `exitScenario` has the port `exit-scenario`. An item's
    own port is for when its messages have been said in vain.
    """
    capture = obj(node.data.get("capture"))
    if capture.get("type") != "entity":
        return _whole(node, scene, scene.names.variable(capture.get("variableID")) or _DEFAULT_VARIABLE)
    wanted = tuple(w for each in objects(capture.get("items")) if (w := _item(each, node, scene)) is not None)
    if not wanted:
        return scene.pass_through(node, "no entity to capture is named: runs as a pass-through", node.ports.next)
    automatic = obj(capture.get("automaticReprompt"))
    if automatic.get("promptWrapper"):
        scene.remark("its prompt wrapper is not run: the model is asked in Parley's words")
    return replace(
        _capture(node, scene, wanted),
        improvises=isinstance(capture.get("automaticReprompt"), dict),
        rules=_texts(objects(capture.get("rules")) + objects(automatic.get("rules")), scene),
        exits=_exits(obj(automatic.get("exitScenario")), node, scene),
        briefing=briefing_of(obj(automatic.get("params")), scene),
    )


def read_listen(node: Node, scene: Scene) -> Step:
    """The whole reply into a variable, under the name that it has since."""
    guessed(node, scene, "variableID", "variable", "capture", *LISTENING)
    written = node.data.get("variableID") or node.data.get("variable") or at(node.data, "capture", "variableID")
    return _whole(node, scene, scene.names.variable(written) or _DEFAULT_VARIABLE)


def read_ai_capture(node: Node, scene: Scene) -> Step:
    """Entities that a model asks for, by `rules`, until one of `exitScenerios` (so written) holds."""
    data = node.data
    guessed(node, scene, *_BY_MODEL, *LISTENING)
    named = (scene.names.entity(each) for each in items(data.get("entities")))
    wanted = tuple(WantedEntity(name, name) for name in dict.fromkeys(named) if name)
    if not wanted:
        return scene.pass_through(node, "no entity to capture is named: runs as a pass-through", node.ports.next)
    scenarios = data.get("exitScenerios", data.get("exitScenarios"))
    target = node.ports.named("fail", "else", "exit-scenario")
    texts = _written(scenarios, scene)
    exits = Exits(texts, scene.go(target) if data.get("exitPath") is True or target else scene.next(node))
    return replace(
        _capture(node, scene, wanted),
        improvises=True,
        rules=_written(data.get("rules"), scene),
        exits=exits if texts else None,
        briefing=briefing_of(data, scene),
    )


def _written(texts: object, scene: Scene) -> tuple[str, ...]:
    return tuple(found for each in items(texts) if (found := scene.written(each)))


def briefing_of(params: Obj, scene: Scene) -> Briefing:
    """How a node's model is asked."""
    return Briefing(scene.written(params.get("system")), model_settings(params))


def _exits(scenario: Obj, node: Node, scene: Scene) -> Exits | None:
    texts = _texts(objects(scenario.get("items")), scene)
    if not texts:
        return None
    target = node.ports.named("exit-scenario")
    has_path = scenario.get("path") is True or target is not None
    return Exits(texts, scene.go(target) if has_path else scene.next(node))


def _texts(written: list[Obj], scene: Scene) -> tuple[str, ...]:
    return tuple(found for each in written if (found := scene.written(each.get("text"))))


def _item(item: Obj, node: Node, scene: Scene) -> WantedEntity | None:
    wanted = _wanted(item, scene)
    if wanted is None:
        return None
    target = node.ports.named(text(item.get("id")))
    has_path = item.get("path") is True or target is not None
    placeholder = scene.written(item.get("placeholder"))
    return replace(wanted, placeholder=placeholder, given_up=Way(scene.go(target)) if has_path else None)


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
