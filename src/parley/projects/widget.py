"""How an agent's chat widget looks: the `widget` of its file, as the widget will ask for it."""

from __future__ import annotations

import re
from typing import Any

from parley.projects.nodes import Mapped, Node, Scalar, json_of
from parley.projects.problems import Problems
from parley.projects.reading import boolean, number, one_of, shaped, text_of
from parley.projects.shape import Form, Key, Shape

POSITIONS = ("right", "left")
PERSISTENCES = ("localStorage", "sessionStorage", "memory")
TEXT: Form = {"type": ["string", "number", "boolean"]}
PICTURE: Form = {"type": "string", "pattern": r"^(https?://|data:image/)"}
COLOR: Form = {"type": "string", "pattern": r"^#[0-9A-Fa-f]{6}$"}
PIXELS: Form = {"type": "number", "minimum": 0}
MAPPING: Form = {"type": "object"}

SPACING = Shape(
    "widget_spacing",
    "The widget's distance from the edges of the page.",
    {"side": Key(PIXELS, "In pixels. Default: 24."), "bottom": Key(PIXELS, "In pixels. Default: 24.")},
    advice="For example `{side: 24, bottom: 24}`.",
)
WIDGET = Shape(
    "widget",
    "How the chat widget looks.",
    {
        "title": Key(TEXT, "What it is headed with. Default: the agent's name."),
        "description": Key(TEXT, "A sentence under the title."),
        "image": Key(PICTURE, "The picture in its head: a URL."),
        "avatar": Key(PICTURE, "The agent's picture beside its messages: a URL."),
        "color": Key(COLOR, "Its main colour, such as `#397DFF`."),
        "position": Key({"enum": list(POSITIONS)}, "The side of the page. Default: right."),
        "spacing": Key({"$ref": "#/$defs/widget_spacing"}, "Its distance from the edges."),
        "persistence": Key({"enum": list(PERSISTENCES)}, "Where it remembers the conversation. Default: localStorage."),
        "launcher": Key(TEXT, "What stands on the button that opens it. Default: a picture alone."),
        "placeholder": Key(TEXT, "What stands in the empty input. Default: Message..."),
        "feedback": Key({"type": "boolean"}, "Whether users may give answers a thumb. Default: true."),
        "chat": Key(MAPPING, "More for the chat, as the widget itself calls it."),
        "voice": Key(MAPPING, "More for the voice, as the widget itself calls it."),
        "common": Key(MAPPING, "More for both, as the widget itself calls it."),
        "more": Key(MAPPING, "Any other setting, as the widget itself calls it."),
    },
    advice='For example `{title: Shop, color: "#397DFF"}`.',
)


def widget_of(root: Mapped, problems: Problems) -> dict[str, Any]:
    """What the agent says of its widget; empty where it says nothing."""
    node = root.get("widget")
    mapping = None if node is None else shaped(node, WIDGET, problems, "`widget`")
    if mapping is None:
        return {}
    found = {key: _value(key, value, problems) for key, value in mapping.values.items() if key in WIDGET.keys}
    more = found.pop("more", None)
    return {key: value for key, value in found.items() if value is not None} | (more or {})


def _value(key: str, node: Node, problems: Problems) -> Any:
    match key:
        case "position":
            return one_of(node, problems, "`position`", POSITIONS)
        case "persistence":
            return one_of(node, problems, "`persistence`", PERSISTENCES)
        case "feedback":
            return boolean(node, problems, "`feedback`")
        case "spacing":
            return _spacing(node, problems)
        case "image" | "avatar":
            return _fitting(key, PICTURE, "For example `https://www.example.org/logo.png`.", node, problems)
        case "color":
            return _fitting(key, COLOR, 'For example `"#397DFF"`, in quotes.', node, problems)
        case "chat" | "voice" | "common" | "more":
            if isinstance(node, Mapped):
                return json_of(node)
            problems.error(node.mark, f"`{key}` must be a mapping")
            return None
        case _:
            return text_of(node, problems, f"`{key}`")


def _spacing(node: Node, problems: Problems) -> dict[str, float]:
    mapping = shaped(node, SPACING, problems, "`spacing`")
    given = {} if mapping is None else mapping.values
    # -1: nothing is more than nothing here.
    return {key: number(given[key], problems, f"`{key}`", least=-1) for key in SPACING.keys if key in given}


def _fitting(key: str, form: Form, advice: str, node: Node, problems: Problems) -> str | None:
    if isinstance(node, Scalar) and node.is_empty:
        problems.error(node.mark, f"`{key}` is empty", advice)
        return None
    text = text_of(node, problems, f"`{key}`")
    if text and re.match(form["pattern"], text) is None:
        problems.error(node.mark, f"`{key}` cannot be `{text[:80]}`", advice)
    return text
