"""Nodes to values of a wanted type. What is of another type is reported, and stands as a harmless default."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from parley.projects.names import NAME, QUOTED, VARIABLE
from parley.projects.nodes import Listed, Mapped, Node, Scalar, name_of
from parley.projects.problems import Problems, did_you_mean
from parley.projects.shape import Shape

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 7 * 24 * 3600.0
_PLACEHOLDER = re.compile(r"\{(\w{1,64})(?:\[[0-9]+\]|\.\w{1,64})*\}", re.ASCII)
_UNCLOSED = re.compile(r"\{\w{1,64}(?:\[[0-9]+\]|\.\w{1,64})*(?=[^\w}.\[]|$)", re.ASCII)


def text_of(node: Node, problems: Problems, what: str) -> str:
    """The text, as it was written; the line break at the end of a block is not part of it."""
    if isinstance(node, Scalar) and not node.is_empty:
        return node.text.rstrip("\n")
    advice = ""
    if isinstance(node, Mapped) and len(node.values) == 1:
        key = next(iter(node.values))
        advice = f'Write "{{{key}}}" in quotes, if you mean the variable.'
    problems.error(node.mark, f"{what} must be a text, and is {name_of(node)}", advice)
    return ""


def name_in(node: Node, problems: Problems, what: str, pattern: re.Pattern[str] = NAME) -> str:
    """A name of the given form."""
    name = text_of(node, problems, what)
    if name:
        check_name(name, node, problems, what, pattern)
    return name


def check_name(name: str, node: Node, problems: Problems, what: str, pattern: re.Pattern[str] = NAME) -> None:
    """Report a name that is not of the given form."""
    if pattern.fullmatch(name) is None:
        near = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:64]
        near = near if pattern.fullmatch(near) else f"_{near}"[:64]
        rule = "letters, digits, `_` and `-`" if pattern is NAME else "letters, digits and `_`, no digit first"
        problems.error(node.mark, f"`{name[:80]}` cannot be {what}: use {rule}, at most 64", f"`{near}` would do.")


def check_variable_name(name: str, node: Scalar, problems: Problems, what: str) -> None:
    """Report the name of a variable or an entity that texts cannot name; in quotes the author means it."""
    if node.plain or QUOTED.fullmatch(name) is None:
        check_name(name, node, problems, what, VARIABLE)


def boolean(node: Node, problems: Problems, what: str) -> bool:
    """`true` or `false`."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    given = f"`{node.text[:40]}`" if isinstance(node, Scalar) and node.text else name_of(node)
    problems.error(node.mark, f"{what} must be `true` or `false`, and is {given}")
    return False


def number(node: Node, problems: Problems, what: str, *, least: float = 0, whole: bool = False) -> float:
    """A number greater than `least`."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or (whole and not isinstance(value, int)):
        given = f"`{node.text[:40]}`" if isinstance(node, Scalar) and node.text else name_of(node)
        problems.error(node.mark, f"{what} must be a {'whole ' if whole else ''}number, and is {given}")
        return least + 1
    if value <= least:
        problems.error(node.mark, f"{what} must be more than {least:g}, and is {value:g}")
        return least + 1
    return value


def seconds(node: Node, problems: Problems, what: str, *, off: bool = False) -> float | None:
    """A duration such as `10s`, in seconds. With `off`, `off` is None."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if off and text in ("off", "false", "never"):
        return None
    match = _DURATION.fullmatch(text)
    if match is not None or text == "0":
        length = float(match[1]) * _SECONDS[match[2]] if match else 0.0
        if length <= _LONGEST:
            return length
        problems.error(node.mark, f"{what} is longer than seven days")
        return 1.0
    given = f"`{text[:40]}`" if text else name_of(node)
    near = f"`{text}s`" if re.fullmatch(r"[0-9]{1,9}", text) else "`10s`, `500ms` or `15m`"
    problems.error(
        node.mark, f"{what} must be a duration, and is {given}", f"Write {near}{', or `off`' if off else ''}."
    )
    return 1.0


def one_of(node: Node, problems: Problems, what: str, options: Collection[str]) -> str:
    """One of these words."""
    word = text_of(node, problems, what)
    if word and word not in options:
        problems.error(node.mark, f"{what} cannot be `{word[:80]}`", did_you_mean(word, options))
    return word if word in options else next(iter(options))


def items_of(node: Node, problems: Problems, what: str) -> tuple[Node, ...]:
    """The items of a list that must not be empty."""
    if not isinstance(node, Listed):
        problems.error(node.mark, f"{what} must be a list, and is {name_of(node)}")
        return ()
    if not node.items:
        problems.error(node.mark, f"{what} is empty", "Write at least one, or delete the key.")
    return node.items


def mapping_of(node: Node | None, problems: Problems, what: str) -> Iterable[tuple[str, Scalar, Node]]:
    """Key, where the key is, and value, of a mapping with keys of the author's own. None and nothing are empty."""
    if node is None or (isinstance(node, Scalar) and node.is_empty):
        return
    if not isinstance(node, Mapped):
        problems.error(node.mark, f"{what} must be a mapping of names, and is {name_of(node)}")
        return
    for key, value in node.values.items():
        yield key, node.keys[key], value


def pairs_of(node: Node | None, problems: Problems, what: str) -> Iterable[tuple[str, Scalar, Node]]:
    """Like `mapping_of`, also of a list of mappings: so a key may come twice."""
    for item in node.items if isinstance(node, Listed) else (node,):
        yield from mapping_of(item, problems, what)


def shaped(node: Node, shape: Shape, problems: Problems, what: str) -> Mapped | None:
    """The mapping, when it is one; keys that the shape does not have are reported."""
    if not isinstance(node, Mapped):
        problems.error(node.mark, f"{what} must be a mapping, and is {name_of(node)}", shape.advice)
        return None
    check_keys(node, shape.keys, problems, what)
    for key in shape.required:
        if key not in node.values:
            problems.error(node.mark, f"{what} needs `{key}`", shape.advice)
    return node


def check_keys(node: Mapped, allowed: Collection[str], problems: Problems, what: str) -> None:
    """Report keys that are not among the allowed ones."""
    for key in node.values:
        if key not in allowed:
            advice = did_you_mean(key, allowed)
            problems.error(node.keys[key].mark, f"{what} has no key `{key[:80]}`", advice)


def template_in(
    node: Node, problems: Problems, what: str, is_known: Callable[[str], bool], names: Callable[[], Iterable[str]]
) -> str:
    """A text in which `{name}` stands for a variable; doubtful placeholders are warned of."""
    text = text_of(node, problems, what)
    if "{" in text:
        check_template(text, node, problems, is_known, names)
    return text


def check_template(
    text: str, node: Node, problems: Problems, is_known: Callable[[str], bool], names: Callable[[], Iterable[str]]
) -> None:
    """Warn of a placeholder that is not closed, or that names no variable: both are shown as they are written."""
    for match in _PLACEHOLDER.finditer(text):
        if not is_known(match[1]):
            advice = did_you_mean(match[1], names())
            problems.warn(node.mark, f"there is no variable `{match[1]}`: `{match[0]}` is shown as it stands", advice)
    unclosed = _UNCLOSED.search(text)
    if unclosed is not None:
        problems.warn(node.mark, f"`{unclosed[0]}` has no closing brace", f"Did you mean `{unclosed[0]}}}`?")
