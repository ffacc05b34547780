"""The three ways in which exports write texts, all read into `Said`.

* slate: `[{"children": [{"text": ...}, {"type": "variable", "id": ..., "name": ...}, {"type": "link", ...}]}]`
* Markup: `[{"text": ["...", {"variableID": ...}, {"entityID": ...}, {"text": [...], "attributes": {...}}]}]`
* inline: `I would like a {{[size].sdh34f9}}`, or `{size}`

Source: engine, section 3 ("text formats").
"""

from __future__ import annotations

from typing import Any

from parley.domain.conditions import Test
from parley.domain.steps import Said
from parley.projects.slate import is_plain, plain, texts
from parley.projects.vf.names import Names
from parley.projects.vf.shapes import DEEPEST, Obj, items, number, obj, objects, text

_STYLES = ("bold", "italic", "underline", "strikeThrough", "fontWeight", "color", "backgroundColor")


class RichText:
    """Reads texts; knows the names that they refer to."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def said(self, content: Any, delay: Any = None, when: Test | None = None) -> Said:
        """One way of saying something, whichever way it is written."""
        milliseconds = number(delay)
        wait = None if milliseconds is None else max(0, int(milliseconds))
        if isinstance(content, str):
            return Said(self._names.template(content).strip(), delay=wait, when=when)
        slate = self.slate(content)
        said = plain(slate)
        has_form = slate and (said.endswith("\n") or not is_plain(slate))
        return Said(said, slate if has_form else None, delay=wait, when=when)

    def template(self, content: Any) -> str:
        """The text alone, as a template."""
        return self.said(content).text

    def slate(self, content: Any) -> list[Any]:
        """Rich text whose leaf texts are templates."""
        content = content if isinstance(content, list) else obj(content).get("content")
        return [self._paragraph(paragraph) for paragraph in objects(content)]

    def _paragraph(self, paragraph: Obj) -> Obj:
        if isinstance(paragraph.get("text"), list):
            return {"children": self._markup(paragraph["text"], 0)}
        if "children" in paragraph:
            kept = {k: v for k, v in paragraph.items() if k != "children"}
            return {**kept, "children": [self._leaf(child, 0) for child in objects(paragraph["children"])]}
        return {"children": [self._leaf(paragraph, 0)]}

    def _leaf(self, leaf: Obj, depth: int) -> Obj:
        if leaf.get("type") == "variable" or "isSlot" in leaf:
            return {"text": "{" + self._names.variable(leaf.get("id"), text(leaf.get("name"))) + "}"}
        if "children" in leaf and depth < DEEPEST:
            kept = {k: v for k, v in leaf.items() if k not in ("children", "url", "text")}
            address = {"url": self._names.template(text(leaf["url"]))} if "url" in leaf else {}
            children = [self._leaf(child, depth + 1) for child in objects(leaf["children"])]
            return {**kept, **address, "children": children}
        kept = {k: v for k, v in leaf.items() if k != "children"}
        return {**kept, "text": self._names.template(text(leaf.get("text")))}

    def _markup(self, parts: list[Any], depth: int) -> list[Obj]:
        found: list[Obj] = []
        for part in parts:
            if isinstance(part, str):
                found.append({"text": self._names.template(part)})
            elif isinstance(part, dict):
                found.extend(self._span(part, depth))
        return found

    def _span(self, span: Obj, depth: int) -> list[Obj]:
        for key in ("variableID", "entityID"):
            if text(span.get(key)):
                return [{"text": "{" + self._names.variable(span[key]) + _path(span.get("path")) + "}"}]
        if text(span.get("secretID")):
            return [{"text": "{secret." + self._names.secret(span["secretID"]) + "}"}]
        inner = self._markup(items(span.get("text")), depth + 1) if depth < DEEPEST else []
        attributes = obj(span.get("attributes"))
        if attributes.get("__type") == "link":
            address = "".join(texts(self._markup_or_text(attributes.get("url"), depth)))
            return [{"type": "link", "url": address, "children": inner}]
        styles = {key: attributes[key] for key in _STYLES if key in attributes}
        return [{**styles, **child} for child in inner]

    def _markup_or_text(self, value: Any, depth: int) -> list[Obj]:
        if isinstance(value, str):
            return [{"text": self._names.template(value)}]
        return [leaf for each in objects(value) for leaf in self._markup(items(each.get("text")), depth + 1)]


def _path(value: Any) -> str:
    """The path into a variable, as a template writes it: `.name` or `[0]`."""
    written = ".".join(each for each in items(value) if isinstance(each, str)) or text(value)
    return written if not written or written[0] in ".[" else f".{written}"
