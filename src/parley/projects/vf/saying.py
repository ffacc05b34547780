"""Nodes that say or show something and go on: text, speak, message, visual, image."""

from __future__ import annotations

from parley.domain.ids import StepID
from parley.domain.model_steps import Prompted
from parley.domain.steps import CustomAction, Image, Message, Said, Speak, Step
from parley.projects.vf.guessing import guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, number, obj, objects, text

_OWN = ("name", "ports", "portsV2")
"""Keys of a node's data that are the editor's."""
_ADDRESSES = ("image", "imageUrl", "imageURL", "url")


def read_text(node: Node, scene: Scene) -> Step:
    """`texts`: variants of rich text, one of which is said by chance."""
    variants = tuple(
        scene.rich.said(each.get("content"), each.get("messageDelayMilliseconds"))
        for each in objects(node.data.get("texts"))
    )
    return _said(node, scene, variants)


def read_message(node: Node, scene: Scene) -> Step:
    """A message of the content library."""
    id = node.data.get("messageID")
    prompt = scene.prompt_of_message(id)
    if prompt is not None:
        return Prompted(StepID(node.id), node.name, scene.next(node), prompt=prompt)
    variants = scene.message(id)
    if not variants:
        scene.remark(f"message '{text(id)}' is not in the file: the step says nothing")
    return _said(node, scene, variants)


def read_speak(node: Node, scene: Scene) -> Step:
    """`dialogs`: said one after another, or one of them by chance where `randomize` is set."""
    variants = tuple(_dialog(each, scene) for each in objects(node.data.get("dialogs")))
    texts = [said.text for said in variants if said.text]
    if len(variants) > 1 and node.data.get("randomize") is not True and all(said.audio is None for said in variants):
        variants = (Said(" ".join(texts)),)
    return Speak(StepID(node.id), node.name, scene.next(node), variants=variants)


def read_visual(node: Node, scene: Scene) -> Step:
    """A picture; what is for displays of particular devices is sent as it is."""
    if node.data.get("visualType", "image") != "image":
        body = {key: value for key, value in node.data.items() if key not in _OWN}
        return CustomAction(StepID(node.id), node.name, scene.next(node), action="visual", body=body)
    return Image(
        StepID(node.id),
        node.name,
        scene.next(node),
        url=scene.rich.template(node.data.get("image")),
        width=number(at(node.data, "dimensions", "width")),
        height=number(at(node.data, "dimensions", "height")),
        visibility=text(node.data.get("canvasVisibility")) or None,
        device=text(node.data.get("device")) or None,
    )


def read_image_v2(node: Node, scene: Scene) -> Step:
    """A picture whose address is in Markup."""
    guessed(node, scene, *_ADDRESSES, "dimensions", "width", "height")
    sizes = {**node.data, **obj(node.data.get("dimensions"))}
    address = next((found for key in _ADDRESSES if (found := scene.written(node.data.get(key)))), "")
    return Image(
        StepID(node.id),
        node.name,
        scene.next(node),
        url=address,
        width=number(sizes.get("width")),
        height=number(sizes.get("height")),
    )


def _said(node: Node, scene: Scene, variants: tuple[Said, ...]) -> Step:
    kind = Speak if scene.voice else Message
    return kind(StepID(node.id), node.name, scene.next(node), variants=variants)


def _dialog(dialog: Obj, scene: Scene) -> Said:
    recording = text(dialog.get("url")) or text(dialog.get("audio"))
    said = scene.rich.said(text(dialog.get("content")) or text(dialog.get("desc")))
    return Said(said.text, audio=scene.names.template(recording)) if recording else said
