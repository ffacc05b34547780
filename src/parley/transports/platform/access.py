"""Who is calling: the key of the request, checked against the workspace of its path and the route's least role."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from msgspec import Struct

from parley.domain.workspace import Workspace, WorkspaceID, WorkspaceKey, is_at_least
from parley.errors import ParleyError
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.platform.rights import RIGHTS
from parley.workspaces.estate import Estate

_BEARER = HTTPBearer(auto_error=False, scheme_name="BearerAuth", description="A key of a workspace.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Forbidden(ParleyError):
    """A valid key may not do this."""

    code = "forbidden"


class BadRequest(ParleyError):
    """The input has the right form and makes no sense: a few routes answer that with 400."""

    code = "bad_request"


class Caller(Struct, frozen=True):
    """Who is calling, and the workspace that is meant."""

    key: WorkspaceKey
    workspace: Workspace


async def estate_of(request: Request) -> Estate:
    """What the door was opened with. (A plain function would be run in a thread, once for each request.)"""
    estate: Estate = request.app.state.estate
    return estate


async def keep_alive_of(request: Request) -> KeepAlive:
    """What keeps the door's quiet streams open."""
    keep_alive: KeepAlive = request.app.state.keep_alive
    return keep_alive


TheEstate = Annotated[Estate, Depends(estate_of)]
TheKeepAlive = Annotated[KeepAlive, Depends(keep_alive_of)]


async def holder_of(request: Request, estate: TheEstate, credentials: Credentials) -> WorkspaceKey:
    """The key of a request, which may do what its route is for. Raises `NotAllowed`, `Forbidden`."""
    key = await estate.keys.open(None if credentials is None else credentials.credentials)
    wanted = RIGHTS[request.method, request.scope["route"].path]
    if not is_at_least(key.role, wanted):
        raise Forbidden(f"A key of the role '{wanted}' is needed for this; this one is of '{key.role}'.")
    return key


Holder = Annotated[WorkspaceKey, Depends(holder_of)]


async def caller_of(workspace_id: UUID, holder: Holder, estate: TheEstate) -> Caller:
    """Who is calling about a workspace, which must be the key's own. Raises `Forbidden`."""
    if holder.workspace != str(workspace_id):
        raise Forbidden("This key belongs to another workspace.")
    return Caller(holder, await estate.workspaces.get(WorkspaceID(str(workspace_id))))


Called = Annotated[Caller, Depends(caller_of)]
