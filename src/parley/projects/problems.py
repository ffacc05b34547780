"""Collects what is wrong with an agent's files while they are read, so that their author sees everything at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from rapidfuzz import fuzz, process

from parley.projects.loaded import Problem, Severity

MOST = 500
"""So many problems are kept; a file that has more is not an agent."""
STEP = "step "
"""How the names of steps begin: of steps inside one another, the innermost says it all."""
_ALIKE = 60.0
_LISTED = 12
_SHORTEST_PART = 3


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


class Problems:
    """The problems found so far, each once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._where: list[str] = []

    def error(self, mark: Mark, message: str, suggestion: str = "") -> None:
        """This keeps the agent from running."""
        self._add(mark, message, suggestion, "error")

    def warn(self, mark: Mark, message: str, suggestion: str = "") -> None:
        """This is probably not what was meant."""
        self._add(mark, message, suggestion, "warning")

    @contextmanager
    def inside(self, where: str) -> Iterator[None]:
        """Problems found meanwhile are in this part of the agent."""
        self._where.append(where)
        try:
            yield
        finally:
            self._where.pop()

    @property
    def found(self) -> tuple[Problem, ...]:
        """All of them, in the order of files and lines."""
        return tuple(sorted(self._found, key=lambda p: (p.file, p.line, p.column)))

    @property
    def has_errors(self) -> bool:
        """Whether one of them keeps the agent from running."""
        return any(problem.severity == "error" for problem in self._found)

    def _add(self, mark: Mark, message: str, suggestion: str, severity: Severity) -> None:
        if len(self._found) < MOST:
            steps = [where for where in self._where if where.startswith(STEP)]
            where = ", ".join([*(each for each in self._where if each not in steps), *steps[-1:]])
            self._found[Problem(mark.file, mark.line, mark.column, message, suggestion, severity, where)] = None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A sentence with the nearest name; with the names there are where none is near."""
    known = sorted(set(names))
    near = process.extractOne(word, known, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_ALIKE)
    if near is not None:
        return f"Did you mean `{near[0]}`?"
    part = word.casefold()
    if len(part) >= _SHORTEST_PART and (longer := [n for n in known if part in n.casefold() or n.casefold() in part]):
        return f"Did you mean `{longer[0]}`?"
    if not known:
        return ""
    shown = ", ".join(f"`{name}`" for name in known[:_LISTED])
    return f"There are: {shown}{', …' if len(known) > _LISTED else ''}."
