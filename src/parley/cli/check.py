"""`parley check`: every problem of an agent file at once."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from parley.projects.load import check as find_problems


def check(path: Path) -> int:
    """Print the problems; 1 when one of them is an error."""
    problems = find_problems(path)
    console = Console(highlight=False, soft_wrap=True)
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        console.print(str(problem), style=color, markup=False)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    console.print(f"{path}: {_count(errors, 'error')}, {_count(warnings, 'warning')}" if problems else f"{path}: fine")
    return 1 if errors else 0


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
