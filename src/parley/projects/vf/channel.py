"""Nodes that concern the channel: stream, audio, url, channelAction, call forward, handoff."""

from __future__ import annotations

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.ids import StepID
from parley.domain.steps import CustomAction, Said, Speak, Step, Way
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import obj, text

_GUESSED = "no export that was seen has such a node: it is read by its documented fields"


def read_stream(node: Node, scene: Scene) -> Step:
    """An audio player with its ports `next`, `previous` and `pause`."""
    data = node.data
    paused, previous = node.ports.named("pause"), node.ports.named("previous")
    return Stream(
        StepID(node.id),
        node.name,
        scene.next(node),
        src=_first(node, scene, "audio", "src", "url"),
        loop=data.get("loop") is True,
        title=_first(node, scene, "title"),
        description=_first(node, scene, "description"),
        icon=_first(node, scene, "iconImage"),
        background=_first(node, scene, "backgroundImage"),
        paused=None if paused is None else Way(scene.go(paused)),
        previous=None if previous is None else Way(scene.go(previous)),
    )


def read_audio(node: Node, scene: Scene) -> Step:
    """A recording."""
    recording = Said("", audio=_first(node, scene, "audio", "audioURL", "url", "src"))
    return Speak(StepID(node.id), node.name, scene.next(node), variants=(recording,))


def read_url(node: Node, scene: Scene) -> Step:
    """An address that the client opens."""
    body = {"url": _first(node, scene, "url")}
    return CustomAction(StepID(node.id), node.name, scene.next(node), action="url", body=body)


def read_channel_action(node: Node, scene: Scene) -> Step:
    """Something that only the channel can do."""
    written = obj(node.data.get("data")) or node.data
    body = {"name": text(written.get("name")), "payload": written.get("payload") or {}}
    return CustomAction(StepID(node.id), node.name, scene.next(node), action="channel-action", body=body)


def read_call_forward(node: Node, scene: Scene) -> Step:
    """Passes a call on to a number or a SIP address."""
    scene.remark(_GUESSED)
    data = node.data
    sip = data.get("addressType", data.get("type")) == "sip"
    passes = data.get("callerIDPassthrough")
    return CallForward(
        StepID(node.id),
        node.name,
        scene.next(node),
        address=_first(node, scene, "address", "phoneNumber", "number", "sip"),
        by="sip" if sip else "phone",
        extension=_first(node, scene, "extension"),
        passes_caller=passes if isinstance(passes, bool) else None,
    )


def read_handoff(node: Node, scene: Scene) -> Step:
    """Gives the conversation to a person."""
    scene.remark(_GUESSED)
    return Handoff(
        StepID(node.id),
        node.name,
        scene.next(node),
        provider=_first(node, scene, "provider", "integration"),
        message=_first(node, scene, "message"),
        note=_first(node, scene, "noteBodyText", "metadata"),
        takes_files=node.data.get("disableFileUpload") is not True,
    )


def _first(node: Node, scene: Scene, *keys: str) -> str:
    """The first of these that says something, as a template."""
    return next((found for key in keys if (found := scene.rich.template(node.data.get(key)).strip())), "")
