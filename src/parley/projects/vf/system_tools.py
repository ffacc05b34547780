"""The runtime's own tools that an export's agents have switched on: each is a field of the agent, with `enabled`.

Source: Conversations API, section 8 (system tools); the fields of those that no known export has are as of the node of
the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parley.domain.tools import SystemKind, SystemTool
from parley.projects.vf.report import Report
from parley.projects.vf.shapes import Obj, at, by_id, items, number, obj

_KINDS: dict[str, tuple[SystemKind, str]] = {
    "knowledgeBaseTool": ("knowledge", "knowledge_base"),
    "webSearchTool": ("web_search", "web_search"),
    "buttonTool": ("buttons", "show_buttons"),
    "cardTool": ("card", "show_card"),
    "carouselTool": ("carousel", "show_carousel"),
    "callForwardTool": ("call_forward", "forward_call"),
    "skipTurnTool": ("skip_turn", "skip_turn"),
    "endTool": ("end", "end_conversation"),
}
"""By the agent's field: what it is, and what the model calls it."""
_MOST_CHUNKS = 10
Template = Callable[[object], str]
"""A text of the export as a template."""


def system_tools(export: Obj, template: Template, report: Report) -> Iterator[tuple[str, SystemTool]]:
    """The tools with the ids of their agents; those of the compiled agents where the library lacks them."""
    compiled = obj(at(export.get("version"), "programResources", "agents"))
    for id, agent in (compiled | by_id(export.get("agents"))).items():
        for field, (kind, name) in _KINDS.items():
            written = obj(obj(agent).get(field))
            if not written or written.get("enabled") is False:
                continue
            options = _options(kind, written, template)
            if kind == "call_forward" and not options.get("address"):
                report.warn("it says not where the call goes: the model is not offered it", f"tool '{name}'")
                continue
            if written.get("extension"):
                report.warn("its extension is not dialled: a tool has none", f"tool '{name}'")
            yield id, SystemTool(name, template(written.get("description")).strip(), kind=kind, options=options)


def _options(kind: SystemKind, written: Obj, template: Template) -> dict[str, object]:
    if kind == "knowledge":
        limit = number(written.get("chunkLimit"))
        return {} if limit is None else {"limit": max(1, min(int(limit), _MOST_CHUNKS))}
    if kind == "web_search":
        domains = [each for each in items(written.get("domains")) if isinstance(each, str)]
        return {"domains": domains} if domains else {}
    address = template(written.get("address") or written.get("phoneNumber")).strip() if kind == "call_forward" else ""
    return {"address": address} if address else {}
