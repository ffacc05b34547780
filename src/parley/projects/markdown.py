"""Rich text as authors like to write it: a small Markdown, read into slate and written from it.

`**bold**`, `*italic*`, `~~struck~~`, `<u>underlined</u>`, `[a link](https://…)`; a backslash takes a mark's meaning,
and a star with spaces on both sides has none. Each line is a paragraph, each placeholder a leaf of its own, as the
designer makes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parley.projects.slate import plain

STYLES: dict[str, tuple[str, Any]] = {
    "**": ("fontWeight", "700"),
    "*": ("italic", True),
    "~~": ("strikeThrough", True),
    "<u>": ("underline", True),
}
"""A mark, and what it gives to the leaves inside it."""
_CLOSES = {"</u>": "<u>"}
_PLACEHOLDER = r"\{\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*\}"
_LINK = r"\[(?P<shown>(?:\\.|[^\[\]\\\n])+)\]\((?P<url>[^()\s]*)\)"
_TOKEN = re.compile(
    rf"\\(?P<plain>[\\*~<\[\]])|(?P<name>{_PLACEHOLDER})|{_LINK}|(?P<mark>(?<!\S)\*(?!\S)|\*\*|\*|~~|</?u>)", re.ASCII
)
_MEANING = re.compile(r"\\(?=[\\*~<\[\]])|\*|~~|</?u>|[\[\]]")
Styles = dict[str, Any]


class Unclosed(Exception):
    """A mark that is opened and not closed, or closed and not opened, in its paragraph or link."""


def slate_of(markdown: str) -> list[Any]:
    """The rich text that it stands for. Raises `Unclosed`."""
    return [{"children": list(_leaves(line, {})) or [{"text": ""}]} for line in markdown.split("\n")]


def markdown_of(slate: list[Any]) -> str | None:
    """The Markdown that is read as exactly this rich text; None where there is none."""
    try:
        written = "\n".join(_written(paragraph["children"], {}) for paragraph in slate).rstrip("\n")
        return written if slate_of(written) == slate and plain(slate).strip() else None
    except (KeyError, IndexError, TypeError, AttributeError, Unclosed):  # of another form than Markdown has
        return None


def _leaves(text: str, outer: Styles) -> Iterator[dict[str, Any]]:
    styles = dict(outer)
    said = ""
    end = 0
    for token in _TOKEN.finditer(text):
        said += text[end : token.start()]
        end = token.end()
        mark = token["mark"]
        if token["plain"] is not None:
            said += token["plain"]
            continue
        if mark == "*" and _is_alone(text, token.start()):
            said += mark
            continue
        if said:
            yield {"text": said, **styles}
            said = ""
        if mark is not None:
            _toggle(styles, mark, outer)
        elif token["name"] is not None:
            yield {"text": token["name"], **styles}
        else:
            yield {"type": "link", "url": token["url"], "children": list(_leaves(token["shown"], styles))}
    said += text[end:]
    if said:
        yield {"text": said, **styles}
    if styles != outer:
        raise Unclosed(next(mark for mark, (key, _) in STYLES.items() if (key in styles) != (key in outer)))


def _is_alone(text: str, at: int) -> bool:
    return (at == 0 or text[at - 1].isspace()) and (at + 1 == len(text) or text[at + 1].isspace())


def _toggle(styles: Styles, mark: str, outer: Styles) -> None:
    key, value = STYLES[_CLOSES.get(mark, mark)]
    if key in outer or (mark == "<u>" and key in styles) or (mark == "</u>" and key not in styles):
        raise Unclosed(mark)
    if key in styles:
        del styles[key]
    else:
        styles[key] = value


def _written(nodes: list[Any], outer: Styles) -> str:
    said, styles = "", dict(outer)
    for node in nodes:
        is_link = node.get("type") == "link"
        inner = node["children"] if is_link else [node]
        common = {k: v for k, v in _styles_of(inner[0]).items() if all(_styles_of(each).get(k) == v for each in inner)}
        said += _change(styles, common if is_link else _styles_of(node), outer)
        styles = dict(common if is_link else _styles_of(node))
        said += f"[{_written(inner, styles)}]({node['url']})" if is_link else _escaped(node["text"])
    return said + _change(styles, outer, outer)


def _styles_of(leaf: dict[str, Any]) -> Styles:
    return {key: value for key, value in leaf.items() if key != "text"}


def _change(before: Styles, after: Styles, outer: Styles) -> str:
    """The marks between two leaves; the inner ones are closed first."""
    marks = {key: mark for mark, (key, value) in STYLES.items()}
    closed = [key for key in reversed(before) if key not in after and key not in outer]
    opened = [key for key in after if key not in before]
    return "".join("</u>" if key == "underline" else marks[key] for key in closed) + "".join(marks[k] for k in opened)


def _escaped(text: str) -> str:
    return _MEANING.sub(
        lambda m: f"\\{m[0]}" if len(m[0]) == 1 else f"\\{m[0][0]}" + m[0][1:].replace("~", "\\~"), text
    )
