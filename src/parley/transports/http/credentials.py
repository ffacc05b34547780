"""What a request may do, by its `Authorization` header: the project of an API key, the session of a session key."""

from __future__ import annotations

from parley.domain.project import Project
from parley.errors import NotAllowed, NotFound, SessionEnded
from parley.session.access import bare
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.keys import SessionClaims
from parley.transports.http.request import Request

API_KEY_PREFIX = "VF."


async def project_of(request: Request, house: House, named: str | None) -> Project:
    """The project that the request's API key opens. Raises `NotAllowed`, `NotFound`, `InvalidInput`."""
    id = await house.access.open(request.header(b"authorization"), named)
    return house.catalog.project(id)


def claims_of(request: Request, house: House) -> SessionClaims:
    """What the request's session key says. Raises `NotAllowed`."""
    header = request.header(b"authorization")
    if not header:
        raise NotAllowed("A session key is needed in the 'authorization' header.", code="key_missing")
    key = bare(header)
    if key.startswith(API_KEY_PREFIX):
        raise NotAllowed("This is an API key; a session key is needed here. Start a session to get one.")
    return house.keys.read(key)


async def session_of(claims: SessionClaims, house: House) -> SessionHandle:
    """The session that a key names, ended or not. Raises `SessionEnded` where it was deleted."""
    try:
        return await house.directory.recall(claims.session)
    except NotFound as error:
        raise SessionEnded("deleted") from error
