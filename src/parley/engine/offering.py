"""What a model may use in a step, each thing by one name: tools, ways out, routes, peers. All else that it calls is
refused, whoever talked it into that.
"""

from __future__ import annotations

import re

from msgspec import Struct

from parley.domain.ids import WorkflowID
from parley.domain.model_steps import AgentPath
from parley.domain.own_workflows import playbook_workflow
from parley.domain.playbooks import Route
from parley.domain.prompt import ModelSettings
from parley.domain.tools import SystemTool, Tool, WorkflowTool
from parley.engine.conditions import holds
from parley.engine.needs import parameters_of
from parley.engine.system_tools import HERE, parameters_of_system
from parley.engine.templates import render
from parley.engine.tools.arguments import schema_of
from parley.engine.tools.offers import offers_of
from parley.engine.turn import Turn
from parley.ports.llm import Line, ToolOffer

BACK = "return_to_agent"
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_BACK = "Give the conversation back to the agent: the user wants something that is not yours, or everything is done."


class Role(Struct, frozen=True):
    """Who the model is in a step: what it is told, and what it may use.

    `owner` is whose tool results it remembers. `peers` are playbooks that it may pass the user on to. `is_silent`: the
    user hears nothing of it, and it has to call something. `note`: a line that it is told this once.
    """

    owner: str
    system: str
    settings: ModelSettings = ModelSettings()
    tools: tuple[str, ...] = ()
    paths: tuple[AgentPath, ...] = ()
    routes: tuple[Route, ...] = ()
    peers: tuple[Route, ...] = ()
    hands_back: bool = False
    is_silent: bool = False
    note: tuple[Line, ...] = ()


class Peer(Struct, frozen=True):
    """Another playbook of the crew."""

    route: Route


class Back(Struct, frozen=True):
    """The agent."""


class Outside(Struct, frozen=True):
    """A tool that is used without knowledge of the conversation."""


Meaning = AgentPath | Route | Peer | Back | WorkflowTool | SystemTool | Outside


class Offered(Struct, frozen=True):
    """What is offered, and what each name means."""

    offers: tuple[ToolOffer, ...]
    meanings: dict[str, Meaning]


async def offered_to(role: Role, turn: Turn) -> Offered:
    """All that the role may use now. Of two things with one name, the second gets a number."""
    found = _Offers()
    router = turn.program.router
    names = dict.fromkeys((*role.tools, *(() if router is None else router.tools)))
    outside = tuple(name for name in names if not _is_own(turn.program.tools.get(name)))
    for offer in await offers_of(outside, turn) if outside else ():
        found.offers.append(offer)
        found.meanings[offer.name] = Outside()
    for name in names:
        tool = turn.program.tools.get(name)
        if isinstance(tool, WorkflowTool):
            found.add(ToolOffer(name, tool.about, schema_of(tool.parameters)), tool)
        elif isinstance(tool, SystemTool) and tool.kind in HERE:
            found.add(ToolOffer(name, *parameters_of_system(tool)), tool)
    for path in role.paths:
        about = render(path.about, turn.variables)
        found.add(ToolOffer(path.name, about, parameters_of(path.needs, path.variables, turn)), path)
    for route in role.routes:
        _add_route(route, route, found, turn)
    for route in role.peers:
        _add_route(route, Peer(route), found, turn)
    if role.hands_back:
        found.add(ToolOffer(BACK, _BACK), Back())
    return Offered(tuple(found.offers), found.meanings)


def workflow_of(route: Route) -> WorkflowID:
    """The workflow that a route leads to."""
    return route.workflow if route.workflow is not None else playbook_workflow(route.playbook or "")


class _Offers:
    def __init__(self) -> None:
        self.offers: list[ToolOffer] = []
        self.meanings: dict[str, Meaning] = {}

    def add(self, offer: ToolOffer, meaning: Meaning) -> None:
        stem = _NO_NAME.sub("_", offer.name).strip("_")[:60] or "way"
        name, n = stem, 2
        while name in self.meanings:
            name, n = f"{stem}_{n}", n + 1
        self.offers.append(ToolOffer(name, offer.about, offer.parameters))
        self.meanings[name] = meaning


def _add_route(route: Route, meaning: Route | Peer, found: _Offers, turn: Turn) -> None:
    if route.when is not None and not holds(route.when, turn):
        return
    playbook = None if route.playbook is None else turn.program.playbooks.get(route.playbook)
    workflow = turn.program.workflows.get(workflow_of(route))
    if workflow is None:
        return
    about = route.about or ("" if playbook is None else playbook.about)
    parameters = parameters_of(route.needs, (), turn)
    found.add(ToolOffer(route.playbook or workflow.name, render(about, turn.variables), parameters), meaning)


def _is_own(tool: Tool | None) -> bool:
    return isinstance(tool, WorkflowTool) or (isinstance(tool, SystemTool) and tool.kind in HERE)
