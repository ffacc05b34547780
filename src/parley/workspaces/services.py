"""The platform's view of what is served: a service is a project's environment under a UUID (architecture, section 1).

Ids are made from names, so that they are the same after a restart and on every machine.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from msgspec import Struct

from parley.domain.ids import VersionID
from parley.domain.program import Program
from parley.domain.project import Environment, Project
from parley.domain.state import SessionState
from parley.domain.workspace import Workspace, WorkspaceID
from parley.errors import NotFound
from parley.session.catalog import Catalog
from parley.workspaces.registry import Workspaces

_NAMESPACE = uuid.UUID("6f4b1f0e-6d7a-5c52-9a0e-6b1c5e9d4a71")


class ServiceView(Struct, frozen=True):
    """An environment of a project, as clients of the platform API know it."""

    id: str
    workspace: WorkspaceID
    project: Project
    environment: Environment
    version: VersionID
    program: Program

    @property
    def name(self) -> str:
        """What people call it: the project, and the environment where there are several."""
        if len(self.project.environments) == 1:
            return self.project.name
        return f"{self.project.name} ({self.environment.alias})"

    @property
    def agent_id(self) -> str:
        """The UUID of the project as an agent."""
        return agent_id(self.workspace, self.project)

    @property
    def graph_id(self) -> str:
        """The UUID of the project's workflows as a context graph."""
        return _id("graph", self.workspace, self.project.id)


class Services:
    """The services of each workspace."""

    def __init__(self, catalog: Catalog, workspaces: Workspaces) -> None:
        self._catalog = catalog
        self._workspaces = workspaces

    async def of(self, workspace: Workspace) -> Sequence[ServiceView]:
        """All of a workspace, in the order in which they are served."""
        return [
            self._service(workspace.id, project, environment)
            for project in self._catalog.projects()
            if await self._workspaces.owns(workspace, project.id)
            for environment in project.environments
        ]

    async def get(self, workspace: Workspace, id: str) -> ServiceView:
        """Raises `NotFound`, for another workspace's service too."""
        for service in await self.of(workspace):
            if service.id == id:
                return service
        raise NotFound("Service not found.", code="no_service")

    def _service(self, workspace: WorkspaceID, project: Project, environment: Environment) -> ServiceView:
        agent = self._catalog.current(environment)
        id = service_id(workspace, project, environment)
        return ServiceView(id, workspace, project, environment, agent.version, agent.program)


def service_id(workspace: WorkspaceID, project: Project, environment: Environment) -> str:
    """The UUID of an environment."""
    return _id("service", workspace, project.id, environment.alias)


def service_of(workspace: WorkspaceID, state: SessionState) -> str:
    """The UUID of the service that a conversation is with, also of one that another door began."""
    return state.contact.service or _id("service", workspace, state.project, state.environment)


def agent_id(workspace: WorkspaceID, project: Project) -> str:
    """The UUID of a project as an agent."""
    return _id("agent", workspace, project.id)


def _id(*names: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))
