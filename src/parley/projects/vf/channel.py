"""Nodes that concern the channel: stream, audio, url, channelAction, call forward, handoff."""

from __future__ import annotations

import msgspec

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.ids import StepID
from parley.domain.steps import ActionPath, CustomAction, Said, Speak, Step, Way
from parley.projects.vf.guessing import guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, number, obj, objects, text

_SOURCES = ("audio", "audioURL", "audioUrl", "url", "src")
_FORWARD = ("address", "phoneNumber", "addressType", "extension", "callerIDPassthrough")
_HANDOFF = (
    *("provider", "integration", "message", "metadata", "config"),
    *("noteBodyText", "returnToAI", "disableFileUpload"),
)


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
    guessed(node, scene, *_SOURCES)
    recording = Said("", audio=_first(node, scene, *_SOURCES))
    return Speak(StepID(node.id), node.name, scene.next(node), variants=(recording,))


def read_url(node: Node, scene: Scene) -> Step:
    """An address that the client opens."""
    body = {"url": _first(node, scene, "url")}
    return CustomAction(StepID(node.id), node.name, scene.next(node), action="url", body=body)


def read_channel_action(node: Node, scene: Scene) -> Step:
    """Something that only the channel can do: a trace, with the ways of its ports where it waits for one."""
    data = node.data
    written = obj(data.get("data")) or data
    body = {"name": text(written.get("name")), "payload": written.get("payload") or {}}
    paths = []
    for index, port in enumerate(objects(at(data, "portsV2", "dynamic")) or objects(data.get("ports"))):
        event = obj(at(port, "data", "event"))
        label = text(event.get("type")) or text(event.get("name"))
        if label:
            paths.append(ActionPath(label, scene.go(node.ports.path(index))))
    default = number(data.get("defaultPath"))
    chosen = int(default) if default is not None and 0 <= default < len(paths) else None
    then = scene.next(node) if chosen is None else paths[chosen].then
    return CustomAction(
        StepID(node.id),
        node.name,
        then,
        action="channel-action",
        body=body,
        stop=data.get("stop") is True,
        paths=tuple(paths),
        default=chosen,
    )


def read_call_forward(node: Node, scene: Scene) -> Step:
    """Passes a call on to a number or a SIP address: fields as of the tool of the same name, and of its trace."""
    data = node.data
    guessed(node, scene, *_FORWARD)
    passes = data.get("callerIDPassthrough")
    address = _first(node, scene, "address", "phoneNumber")
    return CallForward(
        StepID(node.id),
        node.name,
        scene.next(node),
        address=address,
        by="sip" if data.get("addressType") == "sip" or address.startswith("sip:") else "phone",
        extension=_first(node, scene, "extension"),
        passes_caller=passes if isinstance(passes, bool) else None,
    )


def read_handoff(node: Node, scene: Scene) -> Step:
    """Gives the conversation to a person. `metadata` is JSON, or a text of it, which counts as a whole or not at all.

    Source: Conversations API, sections 4 (the trace) and 8 (providers and metadata).
    """
    guessed(node, scene, *_HANDOFF)
    metadata = _metadata(node, scene)
    config = {**obj(node.data.get("config")), **node.data, **metadata}
    if metadata.get("waitTimeMessage"):
        scene.remark("'waitTimeMessage' is not said: nothing tells how long the wait is")
    if node.ports.named("fail") is not None:
        scene.remark("its way of failure is never taken: giving the conversation away does not fail")
    return Handoff(
        StepID(node.id),
        node.name,
        scene.next(node),
        provider=_first(node, scene, "provider", "integration"),
        message=_first(node, scene, "message"),
        note=scene.written(config.get("noteBodyText")),
        returns=config.get("returnToAI") is not False,
        takes_files=config.get("disableFileUpload") is not True,
    )


def _metadata(node: Node, scene: Scene) -> Obj:
    written = node.data.get("metadata")
    if isinstance(written, dict) or not written:
        return obj(written)
    template = scene.written(written)
    try:
        found = msgspec.json.decode(template.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        found = None
    if not isinstance(found, dict):
        scene.remark("its metadata is not JSON and is left out")
    return obj(found)


def _first(node: Node, scene: Scene, *keys: str) -> str:
    """The first of these that says something, as a template."""
    return next((found for key in keys if (found := scene.rich.template(node.data.get(key)).strip())), "")
