"""What became of an export's nodes, on the terminal: a table of kinds, and node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from parley.projects.vf import Import
from parley.projects.vf.report import NodeOutcome

HEADINGS = {
    "exact": ("run as they did", "green"),
    "approximate": ("run a little differently", "yellow"),
    "pass-through": ("cannot be run by this release and are passed through", "red"),
    "drawing": ("are notes on the canvas", "dim"),
}


def tell_kinds(found: Import, console: Console) -> None:
    """How many nodes of which kinds run how."""
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


def tell_nodes(nodes: Sequence[NodeOutcome], console: Console) -> None:
    """Every one of these nodes: by diagram, with its name, what became of it, and what differs."""
    for diagram, own in groupby(nodes, lambda node: node.diagram):
        console.print(f"\n{diagram}", style="bold", markup=False)
        for node in own:
            called = f" '{node.name}'" if node.name else ""
            color = HEADINGS[node.outcome][1]
            console.print(f"  {node.outcome:<12} {node.kind}{called} ({node.node})", style=color, markup=False)
            for remark in node.remarks:
                console.print(f"               {remark}", markup=False)
