"""`parley check`: every problem of an agent file at once; of an export, what becomes of every node."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from parley.cli.node_report import tell_kinds, tell_nodes
from parley.projects.load import EXPORTS
from parley.projects.load import check as find_problems
from parley.projects.vf import import_vf


def check(path: Path) -> int:
    """Print the problems; 1 when one of them is an error."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    problems = find_problems(path)
    if path.suffix.lower() in EXPORTS and not any(problem.severity == "error" for problem in problems):
        found = import_vf(path)
        tell_kinds(found, console)
        tell_nodes(found.nodes, console)
        console.print()
        told = {remark for node in found.nodes for remark in node.remarks}
        problems = [problem for problem in problems if problem.message not in told]
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        console.print(str(problem), style=color, markup=False)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    console.print(f"{path}: {_count(errors, 'error')}, {_count(warnings, 'warning')}" if problems else f"{path}: fine")
    return 1 if errors else 0


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
