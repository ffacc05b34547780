"""`parley check`: every problem of an agent file at once; of an export, what becomes of every node."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from parley.cli.documents import unreadable
from parley.cli.node_report import tell_kinds, tell_nodes
from parley.projects.load import check as find_problems
from parley.projects.load import is_export, load
from parley.projects.loaded import Problem
from parley.projects.secrets_named import secrets_named
from parley.projects.vf import import_vf


def check(path: Path) -> int:
    """Print the problems; 1 when one of them is an error."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    problems = find_problems(path)
    if is_export(path) and not any(problem.severity == "error" for problem in problems):
        found = import_vf(path)
        tell_kinds(found, console)
        tell_nodes(found.nodes, console)
        console.print()
        told = {remark for node in found.nodes for remark in node.remarks}
        problems = [problem for problem in problems if problem.message not in told]
    if not any(problem.severity == "error" for problem in problems):
        problems = [*problems, *_secrets_missing(path)]
        problems += unreadable(path)
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        console.print(str(problem), style=color, markup=False)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    console.print(f"{path}: {_count(errors, 'error')}, {_count(warnings, 'warning')}" if problems else f"{path}: fine")
    return 1 if errors else 0


def _secrets_missing(path: Path) -> list[Problem]:
    """Secrets that the agent names and that are not set here; and what is wrong with the file that holds them."""
    from parley.app import secrets_of
    from parley.config import FromEnvironment, Settings

    project = load(path).project
    named = {(each.alias, name) for each in project.environments for name in secrets_named(each.program)}
    if not named:
        return []
    kept = secrets_of(Settings((path,), secrets=FromEnvironment().secrets))
    found = [Problem(str(path), 0, 0, warning, severity="warning") for warning in kept.warnings]
    for alias, name in sorted(named):
        if kept(project.id, alias)(name) is None:
            message = f"the secret `{name}` is not set for the environment `{alias}`: what needs it fails"
            advice = f"Set PARLEY_SECRET_{name.upper()}, or write it into the file that PARLEY_SECRETS names."
            found.append(Problem(str(path), 0, 0, message, advice, "warning"))
    return found


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
