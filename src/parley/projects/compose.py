"""YAML text to nodes. Reports what is not YAML, or not the part of YAML that agents are written in."""

from __future__ import annotations

from typing import Any

import yaml

from parley.projects.nodes import DEEPEST, MOST_NODES, Listed, Mapped, Node, Scalar
from parley.projects.problems import Mark, Problems
from parley.projects.syntax import advice_for

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str"}
_MERGE = "<<"


class _Stop(Exception):
    """Reading on makes no sense; the reason has been reported."""


class _Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, mark: Mark, anchor: str | None, is_list: bool) -> None:
        self.mark = mark
        self.anchor = anchor
        self.is_list = is_list
        self.children: list[Node] = []
        self.size = 1


def compose(text: str, file: str, problems: Problems) -> Node | None:
    """The root of the file's only document. None where it is empty or broken, which is reported."""
    composer = _Composer(file, problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        message = f"this is not YAML: {error.problem or error.context or 'it cannot be read'}"
        problems.error(Mark(file, line + 1, (mark.column if mark else 0) + 1), message, advice_for(text, line, message))
        return None
    except (yaml.YAMLError, UnicodeError) as error:
        problems.error(Mark(file, 1, 1), f"this is not YAML: {str(error).splitlines()[0]}")
        return None
    if composer.root is None:
        problems.error(Mark(file, 1, 1), "the file is empty", "An agent needs at least `workflows`.")
    return composer.root


class _Composer:
    """Builds the nodes from the parser's events, on a stack of its own: depth is a limit here, not a crash."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.root: Node | None = None
        self._file = file
        self._problems = problems
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Any) -> None:
        """One more event."""
        mark = Mark(self._file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self._stop(mark, "a second document begins here", "Put each agent in a file of its own.")
        elif isinstance(event, yaml.AliasEvent) and event.anchor is not None:
            self._alias(event.anchor, mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, mark)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._begin(event, mark)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._end()

    def _stop(self, mark: Mark, message: str, suggestion: str = "") -> None:
        self._problems.error(mark, message, suggestion)
        raise _Stop

    def _alias(self, anchor: str, mark: Mark) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            inside = any(level.anchor == anchor for level in self._open)
            self._stop(mark, f"`*{anchor}` contains itself" if inside else f"there is no `&{anchor}` before this")
            return
        self._place(node, mark)

    def _scalar(self, event: Any, mark: Mark) -> None:
        plain = not event.style and event.implicit[0]  # the C parser's word for none is ''
        if event.tag not in _PLAIN_TAGS:
            self._tagged(event.tag, mark)
        text = _mended(event.value)
        if text is None or "\0" in text:
            self._problems.error(mark, "this text has a character that cannot be sent (a NUL or half a surrogate pair)")
            text = ""
        self._place(Scalar(mark, 1, 1, text, plain), mark, event.anchor)

    def _tagged(self, tag: str, mark: Mark) -> None:
        advice = "A text or an expression that begins with `!` needs quotes around all of it."
        self._problems.error(mark, f"YAML tags such as `{tag}` are not used here", advice)

    def _begin(self, event: Any, mark: Mark) -> None:
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            self._tagged(event.tag, mark)
        if len(self._open) >= DEEPEST:
            self._stop(mark, f"this is nested more than {DEEPEST} levels deep")
        self._open.append(_Open(mark, event.anchor, isinstance(event, yaml.SequenceStartEvent)))

    def _end(self) -> None:
        done = self._open.pop()
        depth = 1 + max((child.depth for child in done.children), default=0)
        node: Node
        if done.is_list:
            node = Listed(done.mark, done.size, depth, tuple(done.children))
        else:
            node = self._mapped(done, depth)
        self._place(node, done.mark, done.anchor)

    def _place(self, node: Node, mark: Mark, anchor: str | None = None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.children.append(node)
        parent.size += node.size
        if parent.size > MOST_NODES:
            self._stop(mark, f"aliases make this larger than {MOST_NODES} values", "Write less of it, or split it up.")
        if len(self._open) + node.depth > DEEPEST:
            self._stop(mark, f"this is nested more than {DEEPEST} levels deep")

    def _mapped(self, done: _Open, depth: int) -> Mapped:
        keys: dict[str, Scalar] = {}
        values: dict[str, Node] = {}
        merged: list[Node] = []
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problems.error(key.mark, "a key must be a text", "A text that begins with `{` needs quotes.")
            elif key.plain and key.text == _MERGE:
                merged.append(value)
            elif key.text in keys:
                first = keys[key.text].mark.line
                self._problems.error(
                    key.mark, f"`{key.text}` is here twice (first in line {first})", "Keep one of them."
                )
            else:
                keys[key.text] = key
                values[key.text] = value
        for source in merged:
            self._merge(source, keys, values)
        return Mapped(done.mark, done.size, depth, keys, values)

    def _merge(self, source: Node, keys: dict[str, Scalar], values: dict[str, Node]) -> None:
        for mapping in source.items if isinstance(source, Listed) else (source,):
            if not isinstance(mapping, Mapped):
                self._problems.error(mapping.mark, "`<<` takes a mapping or a list of mappings")
                continue
            for key, value in mapping.values.items():
                keys.setdefault(key, mapping.keys[key])
                values.setdefault(key, value)


def _mended(text: str) -> str | None:
    """Joins surrogate pairs, as JSON escapes write them; None where one is alone."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        return None
