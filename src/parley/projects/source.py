"""An agent's files as texts: what cannot be one is reported and not read."""

from __future__ import annotations

import re
from pathlib import Path

from parley.projects.compose import compose
from parley.projects.nodes import Node
from parley.projects.problems import Mark, Problems
from parley.projects.syntax import warn_of_cut_texts

LARGEST_FILE = 4 * 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_nodes(path: Path, problems: Problems) -> Node | None:
    """The file's YAML as nodes; None where it cannot be read, which is reported."""
    text = read_text(path, problems)
    if text is None:
        return None
    root = compose(text, str(path), problems)
    if root is not None:
        warn_of_cut_texts(text, str(path), problems)
    return root


def read_text(path: Path, problems: Problems) -> str | None:
    """The file's text; None where it is none, which is reported."""
    nowhere = Mark(str(path), 0, 0)
    try:
        if not path.is_file():
            problems.error(nowhere, "this is not a file" if path.exists() else "there is no such file")
            return None
        if (size := path.stat().st_size) > LARGEST_FILE:
            allowed = f"An agent's file has at most {LARGEST_FILE >> 20} MB; a directory may hold several."
            problems.error(nowhere, f"the file has {size / 1_000_000:.1f} MB", allowed)
            return None
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        problems.error(nowhere, f"the file cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    return _decoded(data, str(path), problems)


def _decoded(data: bytes, file: str, problems: Problems) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        advice = "Save the file as UTF-8."
        problems.error(Mark(file, line, column), f"byte 0x{data[error.start]:02x} is not UTF-8", advice)
        return None
    control = _CONTROL.search(text)
    if control is None:
        return text
    line = text.count("\n", 0, control.start()) + 1
    column = control.start() - (text.rfind("\n", 0, control.start()) + 1) + 1
    message = f"the file has a control character (0x{ord(control[0]):02x}) here"
    problems.error(Mark(file, line, column), message, "Delete it; the file may not be a text at all.")
    return None
