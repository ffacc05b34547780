"""Agents written in a test: files in a temporary directory, and what the loader says about them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from parley.domain.program import Program
from parley.projects.load import check, load
from parley.projects.loaded import Problem


def written(folder: Path, text: str, name: str = "agent.yaml") -> Path:
    """The text as a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


def program_of(folder: Path, text: str) -> Program:
    """The program of an agent in one file."""
    return load(written(folder, text)).project.environments[0].program


def problems_of(folder: Path, text: str) -> list[Problem]:
    """Everything that is wrong with an agent in one file."""
    return check(written(folder, text))


def only_problem(folder: Path, text: str) -> Problem:
    """The one thing that is wrong with it."""
    found = problems_of(folder, text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]
