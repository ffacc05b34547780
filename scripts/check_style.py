"""Holds the size rules of the house: files, classes and functions stay small, names say something."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE, CLASS, FUNCTION = 400, 250, 40
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py", "base.py"}
EMPTY_WORDS = ("Manager", "Helper", "Utils", "Service")


def problems(path: Path) -> Iterator[str]:
    """What is wrong with one source file."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    if text.count("\n") > FILE:
        yield f"{path}: {text.count(chr(10))} lines (at most {FILE})"
    if path.name in NAMELESS:
        yield f"{path}: the name says nothing"
    if not ast.get_docstring(tree) and text.strip():
        yield f"{path}: opens without saying what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            if length(node) > CLASS:
                yield f"{path}:{node.lineno}: class {node.name} has {length(node)} lines (at most {CLASS})"
            if node.name.endswith(EMPTY_WORDS):
                yield f"{path}:{node.lineno}: the name {node.name} says nothing"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION:
            yield f"{path}:{node.lineno}: {node.name} has {length(node)} lines (at most {FUNCTION})"


def length(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first to the last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def main() -> int:
    """Print every problem; 1 when there is one."""
    found = [line for path in sorted(Path("src").rglob("*.py")) for line in problems(path)]
    print("\n".join(found) or "sizes and names: fine")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
