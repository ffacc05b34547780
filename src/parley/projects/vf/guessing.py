"""Says of a node that its layout was never seen, and which of its fields are passed over."""

from __future__ import annotations

from parley.projects.vf.layout import Node
from parley.projects.vf.scene import Scene

_EDITORS = frozenset({"name", "label", "ports", "portsV2", "color", "canvasVisibility", "_v", "draft"})
"""Keys of a node's data that mean nothing to a conversation."""
LISTENING = ("noMatch", "noReply", "listenForOtherTriggers", "intentScope")
_MOST_NAMED = 8


def guessed(node: Node, scene: Scene, *known: str) -> None:
    """Remark that the node is read by documented fields. `known` are the fields that are read."""
    scene.remark("no export that was seen has such a node: it is read by its documented fields")
    unread = sorted(key for key in set(node.data) - _EDITORS - set(known) if node.data[key] not in (None, [], {}, ""))
    if unread:
        scene.remark("not read of it: " + ", ".join(f"'{key[:40]}'" for key in unread[:_MOST_NAMED]))
