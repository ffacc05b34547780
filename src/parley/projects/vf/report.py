"""What became of every node of an export: said honestly, so that an author knows what to check."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.projects.loaded import Loaded, Problem

Outcome = Literal["exact", "approximate", "pass-through", "drawing"]


class NodeOutcome(Struct, frozen=True):
    """`exact`: runs as it did. `approximate`: `remarks` say what differs. `drawing`: a note on the canvas.

    `diagram` and `name` are what their author calls them.
    """

    diagram: str
    node: str
    kind: str
    outcome: Outcome
    remarks: tuple[str, ...] = ()
    name: str = ""


class Import(Struct, frozen=True):
    """A loaded export, with what became of each of its nodes."""

    loaded: Loaded
    schema: str
    nodes: tuple[NodeOutcome, ...] = ()

    def tally(self) -> dict[str, int]:
        """How many nodes had each outcome."""
        found: dict[str, int] = {}
        for node in self.nodes:
            found[node.outcome] = found.get(node.outcome, 0) + 1
        return found

    def passed_through(self) -> dict[str, int]:
        """How many nodes of each kind run as a pass-through."""
        found: dict[str, int] = {}
        for node in self.nodes:
            if node.outcome == "pass-through":
                found[node.kind] = found.get(node.kind, 0) + 1
        return found

    def summary(self) -> str:
        """The tally in one line, with the kinds of step that are passed through."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.tally().items()))
        passed = ", ".join(f"{kind} {count}" for kind, count in sorted(self.passed_through().items()))
        return f"schema {self.schema}, {len(self.nodes)} nodes: {counts}" + (f" ({passed})" if passed else "")


class Report:
    """Collects warnings while an export is read. `file` is the name that they carry."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.warnings: list[Problem] = []
        self.nodes: list[NodeOutcome] = []

    def warn(self, message: str, where: str = "", suggestion: str = "") -> None:
        """Something that does not keep the agent from running."""
        problem = Problem(self._file, 0, 0, message, suggestion, "warning", where)
        if problem not in self.warnings[-50:]:
            self.warnings.append(problem)

    def node(self, outcome: NodeOutcome, called: str) -> None:
        """What became of a node; `called` is how its author knows it."""
        self.nodes.append(outcome)
        where = f"{called} ({outcome.kind} {outcome.node}) in diagram '{outcome.diagram}'"
        for remark in outcome.remarks:
            self.warn(remark, where)
