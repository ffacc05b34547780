"""The agent of a newer export, which goes to playbooks and workflows: its prompt, its routes, what they need.

No known export has one: the fields are those of the stable API's schemas (`StableAgent`, `StablePlaybook`). Exports
that have playbooks call them agents, and so do we until they are read.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from parley.domain.ids import WorkflowID
from parley.domain.playbooks import Needed, Playbook, Route, Router
from parley.projects.vf.layout import Layout
from parley.projects.vf.prompts import model_settings
from parley.projects.vf.report import Report
from parley.projects.vf.scene import Library
from parley.projects.vf.shapes import Obj, at, by_id, items, obj, objects, text

_WHERE = "agent"


class Agentic(Struct, frozen=True):
    """What an export has of an agent. `router` None: it has none."""

    playbooks: dict[str, Playbook] = {}
    router: Router | None = None


def with_playbooks_as_agents(export: Obj) -> Obj:
    """The export, with its playbooks among its agents."""
    playbooks = objects(export.get("playbooks"))
    return {**export, "agents": [*items(export.get("agents")), *playbooks]} if playbooks else export


def agentic(export: Obj, library: Library, root: Layout, report: Report) -> Agentic:
    """The agent and the playbooks that it may go to."""
    written = _agent(export)
    if not written:
        return Agentic()
    names: dict[str, str] = {}
    playbooks: dict[str, Playbook] = {}
    routes: list[Route] = []
    for each in objects(written.get("playbooks")):
        id = text(each.get("playbookID"))
        found = library.prompts.agent(id)
        if found is None:
            report.warn(f"the playbook '{id}' is not in the file: the agent cannot go there", _WHERE)
            continue
        name = names.setdefault(id, _free(found.name or id, playbooks))
        tools = library.tools.of.get(id, ())
        playbooks[name] = Playbook(name, found.instructions, text(each.get("description")), tools, found.settings)
        routes.append(_route(each, library, playbook=name))
    workflows = {id: _diagram(workflow) for id, workflow in by_id(export.get("workflows")).items()}
    for each in objects(written.get("workflows")):
        id = text(each.get("workflowID"))
        diagram = workflows.get(id, id)
        if diagram not in library.layouts:
            report.warn(f"the workflow '{id}' is not in the file: the agent cannot go there", _WHERE)
            continue
        routes.append(_route(each, library, workflow=library.layouts[diagram].id))
    router = Router(
        library.rich.template(written.get("prompt")),
        library.rich.template(written.get("instructions")),
        tuple(routes),
        library.tools.of.get(text(written.get("id")), ()),
        model_settings(obj(at(written, "llm", "defaults"))),
        root.id,
    )
    return Agentic(playbooks, router)


def _agent(export: Obj) -> Obj:
    places = (export.get("agent"), at(export.get("version"), "agent"), at(export.get("version"), "settings", "agent"))
    return next((obj(each) for each in places if {"playbooks", "workflows"} & set(obj(each))), {})


def _route(written: Obj, library: Library, playbook: str | None = None, workflow: WorkflowID | None = None) -> Route:
    needs = []
    for each in objects(written.get("requiredVariables")):
        name = library.names.variable(each.get("variableOrEntityID"))
        if name:
            needs.append(Needed(name, text(each.get("description"))))
    condition = obj(written.get("condition"))
    when = library.conditions.assertions(condition) if condition else None
    about = text(written.get("description"))
    return Route(playbook, workflow, "" if playbook is not None else about, when, tuple(needs))


def _diagram(workflow: Obj) -> str:
    return text(workflow.get("diagramID")) or text(workflow.get("id"))


def _free(wanted: str, taken: Mapping[str, object]) -> str:
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted} {n}", n + 1
    return name
