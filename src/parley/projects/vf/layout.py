"""One diagram as a graph: its nodes, which step follows which, and where a target leads.

Source: engine, section 3.1: a block's target is its first step, actions alike; a step whose next port is not
connected falls through to the next step of its block.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from parley.domain.ids import StepID, WorkflowID
from parley.projects.vf.ports import Ports
from parley.projects.vf.report import Report
from parley.projects.vf.shapes import DEEPEST, Obj, at, items, obj, objects, text

CONTAINERS = frozenset({"block", "actions"})
DRAWINGS = frozenset({"markup_text", "markup_image", "markup_video", "comment"})
COMMAND = "command"
ENTRIES = ("intent", "trigger")


class Node(Struct, frozen=True):
    """A node of a diagram. `id` is its key in the diagram, whatever it says itself."""

    id: str
    kind: str
    name: str
    data: Obj
    ports: Ports

    @property
    def runs(self) -> bool:
        """Whether the node becomes a step."""
        return self.kind not in CONTAINERS and self.kind not in DRAWINGS and self.kind != COMMAND


class Layout:
    """A diagram. Dangling targets lead nowhere and are reported once."""

    def __init__(self, id: str, raw: Obj, report: Report) -> None:
        self.id = WorkflowID(id)
        self.name = text(raw.get("name")) or id
        self.kind = text(raw.get("type"))
        self.variables = items(raw.get("variables"))
        self.menu = [text(each.get("sourceID")) for each in objects(raw.get("menuItems"))]
        self._report = report
        self.nodes: dict[str, Node] = {}
        for key, node in obj(raw.get("nodes")).items():
            if isinstance(node, dict):
                data = obj(node.get("data"))
                self.nodes[key] = Node(key, text(node.get("type")) or "?", text(data.get("name")), data, Ports(data))
            else:
                report.warn(f"node '{key}' is not an object and is left out", f"diagram '{self.name}'")
        self._after = self._orders()

    def first(self) -> StepID | None:
        """Where the diagram begins: its start, else its first entry. None where nothing can be run."""
        starts = [node.id for node in self.nodes.values() if node.kind == "start"]
        entries = [id for id in self.menu if id in self.nodes and self.nodes[id].kind in ENTRIES]
        entries += [node.id for node in self.nodes.values() if node.kind in ENTRIES]
        return next((StepID(id) for id in starts + entries), None)

    def place(self, target: str | None, seen: int = 0) -> StepID | None:
        """The step that a target means; None where it leads nowhere."""
        if target is None or seen > DEEPEST:
            return None
        node = self.nodes.get(target)
        if node is None:
            self._report.warn(f"a connection leads to '{target}', which does not exist", f"diagram '{self.name}'")
            return None
        if node.kind in CONTAINERS:
            steps = [id for id in self._steps(node) if self.nodes[id].runs or self.nodes[id].kind in CONTAINERS]
            return self.place(steps[0], seen + 1) if steps else None
        return StepID(target) if node.runs else None

    def follow(self, node: Node, target: str | None) -> StepID | None:
        """Where a way on leads: its target, else the next step of the node's block."""
        return self.place(target) if target is not None else self.place(self._after.get(node.id))

    def _orders(self) -> dict[str, str]:
        after: dict[str, str] = {}
        for node in self.nodes.values():
            if node.kind in CONTAINERS:
                steps = [id for id in self._steps(node) if self.nodes[id].runs]
                after = dict(pairwise(steps)) | after
        return after

    def _steps(self, node: Node) -> list[str]:
        return [
            id for id in items(node.data.get("steps")) if isinstance(id, str) and id in self.nodes and id != node.id
        ]


def layouts_of(export: Obj, report: Report) -> dict[str, Layout]:
    """The diagrams that can be run, under every id by which the export calls them. Templates are left out."""
    found: dict[str, Layout] = {}
    aliases: dict[str, Layout] = {}
    for key, raw in obj(export.get("diagrams")).items():
        if not isinstance(raw, dict):
            report.warn(f"diagram '{key}' is not an object and is left out")
            continue
        if raw.get("type") == "TEMPLATE":
            continue
        found[key] = Layout(key, raw, report)
        aliases |= {text(raw.get(name)): found[key] for name in ("diagramID", "_id") if text(raw.get(name))}
    for each in (*objects(at(export, "version", "domains")), *objects(export.get("workflows"))):
        diagram, id = text(each.get("rootDiagramID")) or text(each.get("diagramID")), text(each.get("id"))
        if id and diagram in found:
            aliases.setdefault(id, found[diagram])
    return aliases | found


def root_of(export: Obj, layouts: dict[str, Layout]) -> Layout | None:
    """The diagram in which conversations begin."""
    version = export.get("version")
    candidates = [text(at(version, "rootDiagramID"))]
    candidates += [text(w.get("diagramID")) for w in objects(export.get("workflows")) if w.get("isStart") is True]
    for frame in objects(at(version, "prototype", "context", "stack")):
        candidates += [text(frame.get("diagramID")), text(frame.get("programID"))]
    named = [layout.id for layout in layouts.values() if layout.name == "ROOT"]
    every = list(dict.fromkeys(layout.id for layout in layouts.values()))
    candidates += named + (every if len(every) == 1 else [])
    return next((layouts[id] for id in candidates if id in layouts), None)
