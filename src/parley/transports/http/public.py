"""What a route without a key checks: that the project is served, and that the page it comes from is welcome."""

from __future__ import annotations

from parley.domain.ids import ProjectID, UserID, VersionID
from parley.domain.project import Project
from parley.errors import NotFound
from parley.session.house import House
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.problems import Refused
from parley.transports.http.request import Request
from parley.transports.http.turn_body import checked_user

LONGEST_USER = 256
FORBIDDEN = "Forbidden: Invalid Origin"


def public_project(request: Request, house: House) -> Project:
    """The project that the path names. Raises `NotFound`, `Refused` where its origins do not include the request's.

    A project that names its origins is served to their pages alone, and to pages of this server; a request that
    says nothing of its origin comes from neither.
    """
    project = house.catalog.project(ProjectID(request.params["projectID"]))
    check_origin(request, project)
    return project


def check_origin(request: Request, project: Project) -> None:
    """Raises `Refused` where the project names its origins, and the request comes from a page of none of them."""
    if not project.origins:
        return
    origin = request.header(b"origin")
    is_own = origin is not None and origin.partition("://")[2] == request.header(b"host")
    if origin not in project.origins and not is_own:
        raise Refused("origin_not_allowed", FORBIDDEN)


def public_user(request: Request) -> UserID:
    """The user that the path names. Raises `InvalidInput`."""
    return UserID(checked_user(request.params["userID"], LONGEST_USER))


async def check_version(request: Request, house: House, legacy: LegacyRoutes, project: Project) -> None:
    """Refuse a `versionID` header that names nothing of this project: no environment, and no version ever served.

    A page that stayed open keeps naming the version it began with. Raises `NotFound`.
    """
    try:
        legacy.variant_of(request, project)
    except NotFound:
        await house.catalog.agent(VersionID(request.header(b"versionid") or ""))
