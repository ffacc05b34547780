"""How a node that waits treats what it did not ask for: no-match, no-reply and its scope, in all layouts.

Source: engine, section 1.10 (no-match and no-reply) and section 3.
"""

from __future__ import annotations

from typing import Any

from parley.domain.steps import Listening, NoMatch, NoReply, Said
from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, items, number, obj, text


def read_listening(node: Node, scene: Scene) -> Listening:
    """What the node does besides its own."""
    return Listening(no_match=_no_match(node, scene), no_reply=_no_reply(node, scene), elsewhere=_is_elsewhere(node))


def _no_match(node: Node, scene: Scene) -> NoMatch:
    data = node.data
    written = next((obj(data[key]) for key in ("noMatch", "noMatches", "else") if obj(data.get(key))), None)
    if written is None:
        target = node.ports.otherwise if node.kind != "prompt" else None
        return NoMatch(has_path=target is not None, then=scene.go(target))
    has_path = _has_path(written)
    return NoMatch(
        reprompts=_reprompts(written, scene),
        shuffled=written.get("randomize") is True,
        has_path=has_path,
        then=scene.go(node.ports.otherwise) if has_path else None,
    )


def _no_reply(node: Node, scene: Scene) -> NoReply | None:
    written = obj(node.data.get("noReply"))
    # The exports of 2021 have a single prompt for silence.
    early = node.data.get("reprompt")
    if not written and isinstance(early, dict):
        written = {"reprompts": [early]}
    target = node.ports.silence
    if not written and target is None:
        return None
    has_path = _has_path(written) or target is not None
    timeout = number(written.get("timeout"))
    timeout = number(written.get("inactivityTime")) if timeout is None else timeout
    return NoReply(
        timeout=timeout if timeout is not None and timeout > 0 else None,
        reprompts=_reprompts(written, scene),
        shuffled=written.get("randomize") is True,
        has_path=has_path,
        then=scene.go(target),
    )


def _has_path(written: Obj) -> bool:
    kinds = [written.get("type"), *items(written.get("types"))]
    return "path" in kinds or written.get("path") is True


def _reprompts(written: Obj, scene: Scene) -> tuple[Said, ...]:
    own: tuple[Any, ...] = tuple(items(written.get("reprompts")))
    if obj(written.get("prompt")):
        own = (*own, written["prompt"])
    return scene.prompts(own) + (scene.message(written["repromptID"]) if text(written.get("repromptID")) else ())


def _is_elsewhere(node: Node) -> bool:
    if isinstance(node.data.get("listenForOtherTriggers"), bool):
        return bool(node.data["listenForOtherTriggers"])
    return node.data.get("intentScope") != "NODE"
