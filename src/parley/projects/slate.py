"""Rich text as clients get it: a list of paragraphs whose leaves are texts with styles, and links around such leaves.

Authors who need what Markdown does not say write it under `slate`, in short where nothing but a text is there: a
paragraph is a text, a list of its parts, or a node as it is; a part is a text or a node as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of, name_of
from parley.projects.problems import Problems
from parley.projects.reading import items_of

DEEPEST = 50
"""So far down texts are looked for."""
ADVICE = "For example `[Hello, [Dear, {text: Ada, fontWeight: '700'}]]`: a text or a list of parts a paragraph."


def plain(slate: list[Any]) -> str:
    """The plain text of rich text: its paragraphs, one a line."""
    return "\n".join("".join(texts([paragraph])) for paragraph in slate)


def texts(nodes: list[Any], depth: int = 0) -> Iterator[str]:
    """All texts of some nodes, in reading order."""
    for node in nodes:
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                yield node["text"]
            if depth <= DEEPEST and isinstance(node.get("children"), list):
                yield from texts(node["children"], depth + 1)


def is_plain(slate: list[Any]) -> bool:
    """It is what a text without any formatting becomes by itself."""
    text = plain(slate)
    return slate == [{"children": [{"text": line}]} for line in text.split("\n")]


def shortened(slate: list[Any]) -> list[Any]:
    """The rich text as authors write it; `slate_in` reads it as the same."""
    return [_short_paragraph(paragraph) for paragraph in slate]


def slate_in(node: Node, problems: Problems, what: str) -> list[Any]:
    """The rich text that is written there."""
    return [_paragraph(item, problems, what) for item in items_of(node, problems, what)]


def _paragraph(node: Node, problems: Problems, what: str) -> Any:
    if isinstance(node, Listed):
        return {"children": [_part(item, problems, what) for item in node.items]}
    if isinstance(node, Scalar):
        return {"children": [_part(node, problems, what)]}
    return _part(node, problems, what)


def _part(node: Node, problems: Problems, what: str) -> Any:
    if isinstance(node, Scalar):
        return {"text": node.text}
    if not isinstance(node, Mapped):
        problems.error(node.mark, f"a part of {what} must be a text or a mapping, and is {name_of(node)}", ADVICE)
        return {"text": ""}
    for key in ("text", "url"):
        if key in node.values and not isinstance(node.values[key], Scalar):
            problems.error(node.values[key].mark, f"`{key}` in {what} must be a text", ADVICE)
    return json_of(node)


def _short_paragraph(paragraph: Any) -> Any:
    if (
        not isinstance(paragraph, dict)
        or list(paragraph) != ["children"]
        or not isinstance(paragraph["children"], list)
    ):
        return paragraph
    parts = [_short_part(part) for part in paragraph["children"]]
    if any(not isinstance(part, str | dict) for part in parts):
        return paragraph
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts


def _short_part(part: Any) -> Any:
    is_text = isinstance(part, dict) and list(part) == ["text"] and isinstance(part["text"], str)
    return part["text"] if is_text else part
