"""`parley import`: an export becomes files of our own, with a report of what became of what."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from parley.cli.node_report import tell_kinds, tell_nodes
from parley.errors import BadProject
from parley.projects.export import export_with_report
from parley.projects.load import check
from parley.projects.vf import import_vf

MOST_REMARKS = 100


def import_project(file: Path, into: Path) -> int:
    """Read the export, write the project, print the report. Raises `BadProject` with what is in the way."""
    if not file.is_file():
        raise BadProject(f"{file}: there is no such file.")
    found = import_vf(file)
    exported = export_with_report(found.loaded.project, into)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    tell_kinds(found, console)
    told = [node for node in found.nodes if node.remarks]
    tell_nodes(told[:MOST_REMARKS], console)
    if len(told) > MOST_REMARKS:
        console.print(f"  and {len(told) - MOST_REMARKS} more; `parley check` on the export shows all")
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
