"""`parley import`: an export becomes files of our own, with a report of what became of what."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from parley.errors import BadProject
from parley.projects.export import export_with_report
from parley.projects.load import check
from parley.projects.vf import Import, import_vf

HEADINGS = {
    "exact": ("run as they did", "green"),
    "approximate": ("run a little differently", "yellow"),
    "pass-through": ("cannot be run by this release and are passed through", "red"),
    "drawing": ("are notes on the canvas", "dim"),
}
MOST_REMARKS = 100


def import_project(file: Path, into: Path) -> int:
    """Read the export, write the project, print the report. Raises `BadProject` with what is in the way."""
    if not file.is_file():
        raise BadProject(f"{file}: there is no such file.")
    found = import_vf(file)
    exported = export_with_report(found.loaded.project, into)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    _tell_nodes(found, console)
    _tell_remarks(found, console)
    if exported.lost:
        console.print("\nNot said in the files:", style="bold")
        for lost in exported.lost:
            console.print(f"  {lost}", markup=False)
    problems = [problem for problem in check(into) if problem.severity == "error"]
    if problems:
        console.print("\nTo be mended before it runs:", style="bold red")
        for problem in problems:
            console.print(f"  {problem}", markup=False)
    console.print(f"\nWrote {len(exported.files)} files to {into}. Talk to it: parley chat {into}", markup=False)
    return 1 if problems else 0


def _tell_nodes(found: Import, console: Console) -> None:
    name = found.loaded.project.name
    console.print(f"{name} (schema {found.schema}): {len(found.nodes)} nodes", style="bold", markup=False)
    kinds: dict[str, Counter[str]] = {}
    for node in found.nodes:
        kinds.setdefault(node.outcome, Counter())[node.kind] += 1
    table = Table(box=None, show_header=False, padding=(0, 2))
    for outcome, (heading, color) in HEADINGS.items():
        counted = kinds.get(outcome)
        if counted:
            names = ", ".join(f"{kind} {count}" for kind, count in counted.most_common())
            table.add_row(f"[{color}]{counted.total()}[/]", heading, f"[dim]{names}[/]")
    console.print(table)


def _tell_remarks(found: Import, console: Console) -> None:
    told = [node for node in found.nodes if node.remarks]
    if told:
        console.print("\nNode by node:", style="bold")
    for node in told[:MOST_REMARKS]:
        for remark in node.remarks:
            console.print(f"  {node.diagram} / {node.kind} {node.node}: {remark}", markup=False)
    if len(told) > MOST_REMARKS:
        console.print(f"  and {len(told) - MOST_REMARKS} more; `parley check` on the export shows all")
