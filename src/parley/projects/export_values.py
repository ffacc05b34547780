"""Texts, values and conditions of a program in the words of the agent format."""

from __future__ import annotations

import json
import re
from typing import Any, assert_never

from parley.domain.conditions import AllOf, AnyOf, Compare, Expression, Judged, Literally, Template, Test, Truthy, Value
from parley.domain.steps import Listening, NoMatch, NoReply, Said
from parley.projects.export_names import Names
from parley.projects.export_yaml import Inline
from parley.projects.markdown import markdown_of
from parley.projects.slate import plain, shortened

_PLACEHOLDER = re.compile(r"\{\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*\}", re.ASCII)
_ONE_LINE = 60


def duration(seconds: float) -> str:
    """`10s`, `600ms`, `15m`."""
    if seconds == 0:
        return "0"
    if seconds < 1:
        return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms"
    if seconds % 60 == 0 and seconds >= 120:
        return f"{seconds / 60:.0f}m"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def said(variants: tuple[Said, ...], names: Names) -> Any:
    """One text, one variant, or a list of them."""
    written = [_variant(each, names) for each in variants]
    return written[0] if len(written) == 1 else written


def _variant(variant: Said, names: Names) -> Any:
    mapping = text_as(variant.text, variant.slate, names)
    if variant.when is not None:
        mapping["when"] = test(variant.when, names)
    if variant.delay is not None:
        mapping["delay"] = duration(variant.delay / 1000)
    if variant.audio is not None:
        mapping["audio"] = variant.audio
    return variant.text if list(mapping) == ["text"] else mapping


def text_as(text: str, slate: list[Any] | None, names: Names) -> dict[str, Any]:
    """The text under `text`, `rich` or `slate`."""
    if slate is None:
        if text.endswith("\n"):
            return {"slate": text.split("\n")}
        return {"text": text}
    if plain(slate) != text:
        names.lose("a plain text that says something else than its rich text")
    markdown = markdown_of(slate)
    return {"rich": markdown} if markdown is not None else {"slate": shortened(slate)}


def value(given: Value, names: Names) -> Any:
    """A value as it is written after a key."""
    match given:
        case Expression():
            return f"= {given.source}"
        case Template():
            if given.text.startswith("=") or given.text.endswith("\n"):
                names.lose("a template that begins with `=` or ends with a line break")
            return given.text
        case Literally():
            literal = given.value
            if _is_ambiguous(literal):
                return f"= {json.dumps(literal, ensure_ascii=False)}"
            return literal
        case _:
            assert_never(given)


def _is_ambiguous(literal: Any) -> bool:
    """Would be read as something else."""
    if isinstance(literal, str):
        return literal.startswith("=") or literal.endswith("\n") or _PLACEHOLDER.search(literal) is not None
    return isinstance(literal, int) and not isinstance(literal, bool) and abs(literal) > 2**53


def test(given: Test, names: Names) -> Any:
    """A condition as it is written after `if` or `when`."""
    match given:
        case Truthy():
            return given.source.strip()
        case AllOf():
            return {"all": [test(each, names) for each in given.tests]}
        case AnyOf():
            return {"any": [test(each, names) for each in given.tests]}
        case Compare():
            return _comparison(given, names)
        case Judged():
            return Inline({"ask_model": given.statement})
        case _:
            assert_never(given)


def _comparison(compare: Compare, names: Names) -> dict[str, Any]:
    left: dict[str, Any] = {"value": value(compare.left, names)}
    if isinstance(compare.left, Template):
        alone = _PLACEHOLDER.fullmatch(compare.left.text)
        if alone and names.is_readable(re.split(r"[.\[}]", alone[0][1:], maxsplit=1)[0]):
            left = {"variable": alone[0][1:-1]}
    right = True if compare.operator in ("is_empty", "is_not_empty") else value(compare.right, names)
    return Inline(left | {compare.operator: right})


def prompts(rule: NoMatch | NoReply, names: Names) -> dict[str, Any]:
    """What is said, one after another."""
    written: dict[str, Any] = {}
    if rule.reprompts:
        written["say"] = said(rule.reprompts, names)
    if rule.shuffled:
        written["shuffle"] = True
    return written


def silence(rule: NoReply, names: Names) -> dict[str, Any]:
    """What to do with silence, but for the way on."""
    return ({} if rule.timeout is None else {"after": duration(rule.timeout)}) | prompts(rule, names)


def is_placeholder(text: str) -> bool:
    """The text is one placeholder and nothing else."""
    return _PLACEHOLDER.fullmatch(text) is not None


def is_plain(listening: Listening) -> bool:
    """Nothing about it needs to be written."""
    return listening == Listening()


def mapped(pairs: list[tuple[str, Any]]) -> Any:
    """A mapping, or a list of them where a key comes twice."""
    if len({key for key, _ in pairs}) == len(pairs):
        return short(dict(pairs))
    return [short({key: value}) for key, value in pairs]


def short(mapping: dict[str, Any]) -> dict[str, Any]:
    """On one line where it is short and flat."""
    flat = all(isinstance(v, str | int | float | bool | None) and "\n" not in str(v) for v in mapping.values())
    return Inline(mapping) if flat and sum(len(f"{k}{v}") + 4 for k, v in mapping.items()) <= _ONE_LINE else mapping
