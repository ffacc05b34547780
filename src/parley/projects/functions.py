"""The functions of an agent: written under `functions`, or as files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from parley.domain.program import FunctionDefinition
from parley.projects.nodes import Mapped, Node, Scalar
from parley.projects.problems import Mark, Problems
from parley.projects.reading import check_name, items_of, mapping_of, shaped, text_of
from parley.projects.source import read_text
from parley.projects.world_shapes import FUNCTION


def functions_of(
    node: Node | None, files: Mapping[str, FunctionDefinition], problems: Problems
) -> dict[str, FunctionDefinition]:
    """The functions by name."""
    found = dict(files)
    for name, key, value in mapping_of(node, problems, "`functions`"):
        check_name(name, key, problems, "a function")
        if name in files:
            problems.error(key.mark, f"there is a file for the function `{name}` too", "Keep one of them.")
        found[name] = _function(name, value, problems)
    return found


def function_files(directory: Path, problems: Problems) -> dict[str, FunctionDefinition]:
    """A function for each `.js` file."""
    found: dict[str, FunctionDefinition] = {}
    if not directory.is_dir():
        return found
    for file in sorted(each for each in directory.iterdir() if each.suffix.lower() in (".js", ".mjs")):
        mark = Mark(str(file), 1, 1)
        check_name(file.stem, Scalar(mark, 1, 1, file.stem, False), problems, "a function")
        source = read_text(file, problems)
        if source is not None:
            _check(source, mark, problems)
            found[file.stem] = FunctionDefinition(file.stem, source)
    return found


def _function(name: str, node: Node, problems: Problems) -> FunctionDefinition:
    if not isinstance(node, Mapped):
        source = text_of(node, problems, f"the function `{name}`")
        _check(source, node.mark, problems)
        return FunctionDefinition(name, source)
    mapping = shaped(node, FUNCTION, problems, "a function")
    given, title = (mapping.get("source"), mapping.get("name")) if mapping else (None, None)
    source = "" if given is None else text_of(given, problems, "`source`")
    if given is not None:
        _check(source, given.mark, problems)
    return FunctionDefinition(
        name if title is None else text_of(title, problems, "`name`"),
        source,
        _names(node.get("inputs"), "`inputs`", problems),
        _names(node.get("outputs"), "`outputs`", problems),
        _names(node.get("paths"), "`paths`", problems),
    )


def _names(node: Node | None, what: str, problems: Problems) -> tuple[str, ...]:
    return () if node is None else tuple(text_of(item, problems, what) for item in items_of(node, problems, what))


def _check(source: str, mark: Mark, problems: Problems) -> None:
    if source and "export" not in source:
        advice = "Begin it with `export default async function main(args) {`."
        problems.error(mark, "this function exports nothing", advice)
