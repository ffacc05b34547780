"""Plain values as YAML that people like to read, and that the loader reads as the same values. Knows no agents."""

from __future__ import annotations

from typing import Any

import yaml

from parley.projects.nodes import Scalar
from parley.projects.problems import Mark

WIDTH = 110
_NOWHERE = Mark("", 0, 0)


class Inline(dict[str, Any]):
    """A mapping that is written on one line: `{after: 10s, say: Still there?}`."""


class Quoted(str):
    """A text that is written in quotes."""


class Nothing:
    """A key without a value."""


NOTHING = Nothing()


class _Dumper(yaml.SafeDumper):
    """Quotes what would not stay a text, keeps long texts in blocks, and never writes aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text and text.strip() == text and all(c.isprintable() or c == "\n" for c in text):
        style = "|"
    elif not isinstance(Scalar(_NOWHERE, 1, 1, text, True).value, str) or text != text.strip() or " #" in text:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _inline(dumper: _Dumper, mapping: Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


def _nothing(dumper: _Dumper, nothing: Nothing) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:null", "")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
_Dumper.add_representer(Nothing, _nothing)
_Dumper.add_representer(Inline, _inline)


def dumped(value: Any) -> str:
    """The value as a YAML document."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=False
    )
    return text
