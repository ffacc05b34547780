"""What starts a workflow from elsewhere: intent steps, triggers, and the commands of old diagrams.

Source: engine, sections 1.8 (commands) and 3 (data of `trigger`).
"""

from __future__ import annotations

from parley.domain.ids import StepID, WorkflowID
from parley.domain.program import Trigger
from parley.projects.vf.layout import COMMAND, Layout, Node
from parley.projects.vf.names import Names
from parley.projects.vf.report import Report
from parley.projects.vf.shapes import Obj, at, objects, text


class Entries:
    """All triggers of the export, those of the root diagram first: the engine takes the first that fits."""

    def __init__(self, layouts: dict[str, Layout], root: Layout, names: Names, report: Report) -> None:
        self._layouts, self._root, self._names, self._report = layouts, root, names, report
        self.triggers: list[Trigger] = []
        every = {layout.id: layout for layout in layouts.values()}
        for layout in sorted(every.values(), key=lambda each: each.id != root.id):
            for node in layout.nodes.values():
                self._read(layout, node)

    def of_intent(self, intent: str, diagram: str = "") -> Trigger | None:
        """Where the intent leads, preferably in this diagram."""
        found = [trigger for trigger in self.triggers if trigger.intent == intent]
        own = self._layouts[diagram].id if diagram in self._layouts else None
        return next((trigger for trigger in found if trigger.workflow == own), next(iter(found), None))

    def _read(self, layout: Layout, node: Node) -> None:
        if node.kind == "intent":
            self._intent(layout, node)
        elif node.kind == "trigger":
            self._items(layout, node, objects(node.data.get("items")))
        elif node.kind == "start":
            self._items(layout, node, objects(node.data.get("triggers")))
        elif node.kind == "event":
            event = text(node.data.get("requestName"))
            if event:
                self.triggers.append(Trigger(layout.id, StepID(node.id), event=event))
        elif node.kind == COMMAND:
            self._command(node)

    def _intent(self, layout: Layout, node: Node) -> None:
        intent = self._names.intent(node.data.get("intent"))
        if intent is None:
            self._report.warn("an intent step names no intent and never starts", f"diagram '{layout.name}'")
            return
        everywhere = self._is_everywhere(layout, text(node.data.get("availability")))
        self.triggers.append(Trigger(layout.id, StepID(node.id), intent=intent, everywhere=everywhere))

    def _items(self, layout: Layout, node: Node, items: list[Obj]) -> None:
        for item in items:
            everywhere = at(item, "settings", "local") is not True and layout.kind != "COMPONENT"
            name, step = item.get("resourceID"), StepID(node.id)
            if item.get("type") == "event":
                event = self._names.event(name)
                if event:
                    self.triggers.append(Trigger(layout.id, step, event=event, everywhere=everywhere))
            elif item.get("type") in ("intent", None):
                intent = self._names.intent(name)
                if intent:
                    self.triggers.append(Trigger(layout.id, step, intent=intent, everywhere=everywhere))

    def _command(self, node: Node) -> None:
        intent = self._names.intent(node.data.get("intent"))
        target = self._layouts.get(text(node.data.get("diagramID")))
        if intent and target:
            self.triggers.append(Trigger(WorkflowID(target.id), intent=intent, calls=True))

    def _is_everywhere(self, layout: Layout, availability: str) -> bool:
        if layout.kind == "COMPONENT" or availability == "LOCAL":
            return False
        return availability == "GLOBAL" or layout.kind == "TOPIC" or layout.id == self._root.id
