"""Texts with placeholders, prepared once and rendered often. Knows no steps and evaluates no code.

A placeholder is `{name}`, `{object.path}` or `{list[0].x}`. Names of variables that do not exist stay as written; a
path that leads nowhere gives 0; a value that is JSON text is read for a path. Rendering is one pass: what a value
contains is never looked at again, so the words of users cannot become templates.

Source: engine, section 1.10 (the form of a placeholder and the 0 of a missing path).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Protocol

import msgspec

# The documented pattern, `{(\w{1,64}((\[\d+])*(\.\w{1,64})*)*)}`, without its nested repetition: the same language,
# and a long path without a closing brace costs linear time.
_PLACEHOLDER = re.compile(r"\{(\w{1,64})((?:\[[0-9]+\]|\.\w{1,64})*)\}", re.ASCII)
_STEP = re.compile(r"\[([0-9]+)\]|\.(\w+)", re.ASCII)
_CACHED_TEMPLATES = 4096
_MISSING = object()
_NO_PATH = 0
"""What a path that leads nowhere gives."""
_PLAIN = 2**63
_EXPONENT_FROM = 1e21
"""From here on JavaScript prints numbers with an exponent."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()


class Variables(Protocol):
    """What a template reads: `engine.variables.Variables`, or something that stands before it."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value under this name; `default` where there is none."""
        ...


class Placeholder:
    """One `{...}` of a template."""

    __slots__ = ("name", "path", "source")

    def __init__(self, source: str, name: str, path: str) -> None:
        self.source = source
        self.name = name
        self.path: tuple[str, ...] = tuple(index or key for index, key in _STEP.findall(path))

    def value(self, variables: Variables) -> Any:
        """What it stands for, with its type; its own source where there is no such variable."""
        value = variables.get(self.name, _MISSING)
        if value is _MISSING:
            return self.source
        return _follow(value, self.path) if self.path else value


class Template:
    """A text cut at its placeholders."""

    __slots__ = ("_only", "parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: tuple[str | Placeholder, ...] = _cut(text)
        only = self.parts[0] if len(self.parts) == 1 else None
        self._only = only if isinstance(only, Placeholder) else None

    def render(self, variables: Variables) -> str:
        """The text with every placeholder replaced by the text of its value."""
        said: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                said.append(part)
                continue
            value = part.value(variables)
            said.append(value if isinstance(value, str) else text_of(value))
        return "".join(said)

    def value(self, variables: Variables) -> Any:
        """Like `render`, but a template that is one placeholder alone gives the value itself, type and all."""
        return self.render(variables) if self._only is None else self._only.value(variables)


@lru_cache(maxsize=_CACHED_TEMPLATES)
def compile_template(text: str) -> Template:
    """The template of this text. Every text is one: there are no syntax errors."""
    return Template(text)


def render(text: str, variables: Variables) -> str:
    """The text with its placeholders replaced."""
    return compile_template(text).render(variables)


def render_json(value: Any, variables: Variables) -> Any:
    """A copy of a JSON value in which every string is a template; one that is a placeholder alone keeps its type."""
    if isinstance(value, str):
        return compile_template(value).value(variables)
    if isinstance(value, list):
        return [render_json(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: render_json(item, variables) for key, item in value.items()}
    return value


def render_slate(slate: list[Any], variables: Variables) -> list[Any]:
    """A copy of rich text in which the leaf texts and the addresses of links are rendered."""
    return [_render_node(node, variables) for node in slate]


def slate_of(text: str) -> list[Any]:
    """Plain text as rich text: a paragraph for each line."""
    return [{"children": [{"text": line}]} for line in text.split("\n")]


def text_of(value: Any) -> str:
    """The text of a JSON value: `true`, "" for null, at most four decimals, objects and lists as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -_PLAIN < value < _PLAIN else _text_of_number(value)
    if isinstance(value, float):
        return _text_of_number(value)
    return _json(value)


def _cut(text: str) -> tuple[str | Placeholder, ...]:
    parts: list[str | Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        parts.append(Placeholder(match[0], match[1], match[2]))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def _follow(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        value = _parsed(value)
    for key in path:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, list | str) and key == "length":
            value = len(value)
        else:
            return _NO_PATH
    return value


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


def _text_of_number(value: float) -> str:
    try:
        if abs(value) >= _EXPONENT_FROM or value != value:
            return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(float(value)), repr(float(value)))
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int):
        return str(value)
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _json(value: Any) -> str:
    try:
        return _ENCODER.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    try:
        return json.dumps(value, separators=(",", ":"), default=str)
    except (ValueError, RecursionError):
        return ""


def _render_node(node: Any, variables: Variables) -> Any:
    if isinstance(node, list):
        return [_render_node(item, variables) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: render(item, variables)
        if key in ("text", "url") and isinstance(item, str)
        else _render_node(item, variables)
        for key, item in node.items()
    }
