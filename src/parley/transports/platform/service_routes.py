"""What is served, as clients of the platform API know it: services, agents and context graphs; to be read only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from parley.domain.workspace import Workspace
from parley.errors import NotFound
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import Limit, Paginated, Search, SortBy, Token, in_order, moment, page_of
from parley.workspaces.services import ServiceView

router = APIRouter(prefix="/v1/{workspace_id}", tags=["Services"])


class ServiceShown(BaseModel):
    """An environment of a project."""

    id: UUID
    workspace_id: UUID
    name: str
    description: str = ""
    agent_id: UUID
    agent_name: str
    context_graph_id: UUID
    context_graph_name: str
    channel_type: Literal["voice", "text"]
    environment: Literal["sandbox", "production"]
    is_active: bool = True
    is_system: bool = False
    keyterms: list[str] = []
    tags: list[dict[str, str]] = []
    tool_capacity: int = 3
    version_sets: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AgentShown(BaseModel):
    """A project."""

    id: UUID
    workspace_id: UUID
    name: str
    description: str = ""
    latest_version: int = 1
    created_at: datetime
    updated_at: datetime


class GraphShown(AgentShown):
    """The workflows of a project, which are its states."""

    state_count: int = 0


A = TypeVar("A", bound=AgentShown)


@router.get("/services")
async def list_services(
    caller: Called,
    estate: TheEstate,
    search: Search = None,
    sort_by: SortBy = None,
    is_active: bool | None = None,
    limit: Limit = 10,
    continuation_token: Token = 0,
) -> Paginated[ServiceShown]:
    """The services of the workspace."""
    found = [_service(service, caller.workspace) for service in await estate.services.of(caller.workspace)]
    wanted = [service for service in found if _fits(service.name, search) and is_active in (None, service.is_active)]
    return page_of(in_order(wanted, sort_by), limit, continuation_token)


@router.get("/services/{service_id}")
async def get_service(service_id: UUID, caller: Called, estate: TheEstate) -> ServiceShown:
    """One service."""
    return _service(await estate.services.get(caller.workspace, str(service_id)), caller.workspace)


@router.get("/agents")
async def list_agents(
    caller: Called,
    estate: TheEstate,
    search: Search = None,
    sort_by: SortBy = None,
    limit: Limit = 10,
    continuation_token: Token = 0,
) -> Paginated[AgentShown]:
    """The projects of the workspace."""
    found = _agents(await estate.services.of(caller.workspace), caller.workspace)
    wanted = [agent for agent in found if _fits(agent.name, search)]
    return page_of(in_order(wanted, sort_by), limit, continuation_token)


@router.get("/agents/{agent_id}")
async def get_agent(agent_id: UUID, caller: Called, estate: TheEstate) -> AgentShown:
    """One project."""
    return _one(agent_id, _agents(await estate.services.of(caller.workspace), caller.workspace), "Agent")


@router.get("/context-graphs", operation_id="list-context_graphs")
async def list_context_graphs(
    caller: Called,
    estate: TheEstate,
    search: Search = None,
    sort_by: SortBy = None,
    limit: Limit = 10,
    continuation_token: Token = 0,
) -> Paginated[GraphShown]:
    """The workflows of each project."""
    found = _graphs(await estate.services.of(caller.workspace), caller.workspace)
    wanted = [graph for graph in found if _fits(graph.name, search)]
    return page_of(in_order(wanted, sort_by), limit, continuation_token)


@router.get("/context-graphs/{context_graph_id}", operation_id="get-context_graph")
async def get_context_graph(context_graph_id: UUID, caller: Called, estate: TheEstate) -> GraphShown:
    """The workflows of one project."""
    found = _graphs(await estate.services.of(caller.workspace), caller.workspace)
    return _one(context_graph_id, found, "Context graph")


def _fits(name: str, search: str | None) -> bool:
    return search is None or search.lower() in name.lower()


def _one(id: UUID, among: Sequence[A], what: str) -> A:
    for each in among:
        if each.id == id:
            return each
    raise NotFound(f"{what} not found.", code="not_found")


def _agents(services: Sequence[ServiceView], workspace: Workspace) -> list[AgentShown]:
    return list({each.agent_id: AgentShown(**_view(each, each.agent_id, workspace)) for each in services}.values())


def _graphs(services: Sequence[ServiceView], workspace: Workspace) -> list[GraphShown]:
    found = {}
    for each in services:
        states = len(each.program.workflows)
        found[each.graph_id] = GraphShown(**_view(each, each.graph_id, workspace), state_count=states)
    return list(found.values())


def _view(service: ServiceView, id: str, workspace: Workspace) -> dict[str, Any]:
    made = moment(workspace.created_at)
    return {
        "id": UUID(id),
        "workspace_id": UUID(service.workspace),
        "name": service.project.name,
        "created_at": made,
        "updated_at": made,
    }


def _service(service: ServiceView, workspace: Workspace) -> ServiceShown:
    made = moment(workspace.created_at)
    return ServiceShown(
        id=UUID(service.id),
        workspace_id=UUID(service.workspace),
        name=service.name,
        agent_id=UUID(service.agent_id),
        agent_name=service.project.name,
        context_graph_id=UUID(service.graph_id),
        context_graph_name=service.project.name,
        channel_type="voice" if service.program.settings.modality == "voice" else "text",
        environment="sandbox" if service.environment.alias == "development" else "production",
        version_sets={"release": {"agent_version_number": 1, "context_graph_version_number": 1}},
        created_at=made,
        updated_at=made,
    )
