"""Who is calling the stable API, and about which project: an API key of a project, or a key of its workspace.

Source: Conversations API, sections 2.5 and 2.6.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from parley.domain.project import Environment, Project
from parley.domain.workspace import Role, WorkspaceKey, is_at_least
from parley.errors import InvalidInput, NotAllowed
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.problems import Refused
from parley.transports.http.request import Request
from parley.transports.http.routing import Endpoint, Routes
from parley.transports.http.stable_rights import RIGHTS
from parley.workspaces.estate import Estate

ProjectEndpoint = Callable[[Request, Project], Awaitable[None]]


class StableAccess:
    """Lets a request in to a route of the stable API, with the project that it is about."""

    def __init__(self, house: House, estate: Estate | None) -> None:
        self._house = house
        self._estate = estate

    def add(self, table: Routes, path: str, by_method: Mapping[str, ProjectEndpoint]) -> None:
        """Add the endpoints of one path, each for those who may."""
        guarded = {method: self._guarded(RIGHTS[method, path], endpoint) for method, endpoint in by_method.items()}
        table.add(path, guarded)

    def _guarded(self, wanted: Role, endpoint: ProjectEndpoint) -> Endpoint:
        async def enter(request: Request) -> None:
            await endpoint(request, await self._project(request, wanted))

        return enter

    async def _project(self, request: Request, wanted: Role) -> Project:
        named = request.query("projectID") or None
        key = await self._workspace_key(request)
        if key is None:
            return await project_of(request, self._house, named)
        if not is_at_least(key.role, wanted):
            raise Refused("forbidden", f"A key of the role '{wanted}' is needed for this; this one is of '{key.role}'.")
        return await self._project_in(key, named)

    async def _workspace_key(self, request: Request) -> WorkspaceKey | None:
        """The workspace key of the request; None where it has another key, or none. Raises `NotAllowed`."""
        header = request.header(b"authorization")
        if self._estate is None or not header:
            return None
        try:
            return await self._estate.keys.open(header)
        except NotAllowed as refused:
            if refused.code == "key_expired":
                raise
            return None

    async def _project_in(self, key: WorkspaceKey, named: str | None) -> Project:
        """One message for what is not there and for what is somebody else's. Raises `NotAllowed`, `InvalidInput`."""
        assert self._estate is not None
        workspaces = self._estate.workspaces
        workspace = await workspaces.get(key.workspace)
        owned = [each for each in self._house.catalog.projects() if await workspaces.owns(workspace, each.id)]
        if named is None and len(owned) == 1:
            return owned[0]
        if named is None:
            raise InvalidInput.at("projectID", "the id of a project in the query, as this key does not tell which")
        for project in owned:
            if project.id == named:
                return project
        raise NotAllowed("This key opens no project of this id.")


def environment_of(request: Request, project: Project) -> Environment:
    """The environment that the query names; it must name one. Raises `InvalidInput`, `Refused`."""
    alias = request.query("environmentAlias")
    if not alias:
        raise InvalidInput.at("environmentAlias", "the alias of an environment in the query")
    return environment_named(alias, project)


def environment_named(alias: str, project: Project) -> Environment:
    """The environment of exactly this alias. Raises `Refused` with the documented message."""
    for environment in project.environments:
        if environment.alias == alias:
            return environment
    raise Refused("invalid_environment", "invalid environment tag")


def check_environment(request: Request, project: Project) -> None:
    """The environment exists, where the query names one. Raises `Refused`."""
    alias = request.query("environmentAlias")
    if alias:
        environment_named(alias, project)
