"""Steps that concern the channel: speak, audio, stream, forward, handoff."""

from __future__ import annotations

from msgspec.structs import replace

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.steps import Said, Speak, Way
from parley.projects.channel_shapes import FORWARD, HANDOFF, STREAM
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.nodes import Mapped, Node
from parley.projects.reading import boolean, shaped
from parley.projects.saying import said_of


def speak(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Speaks one of the variants."""
    variants = said_of(value, draft, "`speak`")
    draft.add(Speak(place.id, place.name, place.after, variants=variants), place.mark)


def audio(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Plays a recording."""
    recording = Said("", audio=draft.template(value, "`audio`"))
    draft.add(Speak(place.id, place.name, place.after, variants=(recording,)), place.mark)


def stream(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Plays audio and waits."""
    found = Stream(place.id, place.name, place.after, paused=way(step, "paused", place, draft))
    found = replace(found, previous=way(step, "previous", place, draft))
    if not isinstance(value, Mapped):
        draft.add(replace(found, src=draft.template(value, "`stream`")), place.mark)
        return
    mapping = shaped(value, STREAM, draft.problems, "`stream`")
    keys = {"url": "src", "title": "title", "text": "description", "icon": "icon", "background": "background"}
    texts = _texts(mapping, keys, draft)
    loop = mapping.get("loop") if mapping else None
    is_loop = loop is not None and boolean(loop, draft.problems, "`loop`")
    draft.add(replace(found, loop=is_loop, **texts), place.mark)


def forward(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Passes the call on."""
    found = CallForward(place.id, place.name, place.after)
    if not isinstance(value, Mapped):
        draft.add(replace(found, address=draft.template(value, "`forward`")), place.mark)
        return
    mapping = shaped(value, FORWARD, draft.problems, "`forward`")
    phone, sip, shows = (mapping.get(key) if mapping else None for key in ("phone", "sip", "show_caller"))
    if (phone is None) == (sip is None):
        draft.problems.error(value.mark, "`forward` needs `phone` or `sip`, and not both", FORWARD.advice)
    address = phone if sip is None else sip
    texts = _texts(mapping, {"extension": "extension"}, draft)
    found = replace(
        found,
        address="" if address is None else draft.template(address, "`forward`"),
        by="phone" if sip is None else "sip",
        passes_caller=None if shows is None else boolean(shows, draft.problems, "`show_caller`"),
        **texts,
    )
    draft.add(found, place.mark)


def handoff(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Gives the conversation to a person."""
    found = Handoff(place.id, place.name, place.after)
    if not isinstance(value, Mapped):
        provider = "" if is_nothing(value) else draft.template(value, "`handoff`")
        draft.add(replace(found, provider=provider), place.mark)
        return
    mapping = shaped(value, HANDOFF, draft.problems, "`handoff`")
    texts = _texts(mapping, {"to": "provider", "say": "message", "note": "note"}, draft)
    flags = {}
    for key, name in (("returns", "returns"), ("files", "takes_files")):
        given = mapping.get(key) if mapping else None
        if given is not None:
            flags[name] = boolean(given, draft.problems, f"`{key}`")
    draft.add(replace(found, **texts, **flags), place.mark)


def way(step: Mapped, key: str, place: Place, draft: Draft) -> Way | None:
    """The way under a key; None where it has none."""
    node = step.get(key)
    return None if node is None else Way(draft.path(node, place, key))


def _texts(mapping: Mapped | None, keys: dict[str, str], draft: Draft) -> dict[str, str]:
    """The templates under these keys, by the names of the step's fields."""
    nodes = {key: mapping.get(key) for key in keys} if mapping else {}
    return {keys[key]: draft.template(node, f"`{key}`") for key, node in nodes.items() if node is not None}
