"""Starting a session, and sending an event into one (Conversations API 1.1 and 2.4)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.ids import UserID
from parley.domain.variant import named, routed
from parley.errors import NotAllowed, NotFound, SessionEnded
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.json_body import decode
from parley.transports.http.reply import reply_empty, reply_json
from parley.transports.http.request import Request
from parley.transports.http.turn_body import checked_user, event_action

LONGEST_USER = 256
REPRESENTATION = "return=representation"


class StartBody(Struct):
    """The body of start session."""

    user: Any = msgspec.field(name="userID", default=None)


_decode_start = msgspec.json.Decoder(StartBody).decode


class SessionRoutes:
    """Endpoints that need an API key and are about a session."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def start_in_environment(self, request: Request) -> None:
        """`POST /v4/project/{projectID}/environment/{environmentID}/session`"""
        await self._start(request, request.params["environmentID"])

    async def start_by_split(self, request: Request) -> None:
        """`POST /v4/project/{projectID}/session`"""
        await self._start(request, None)

    async def _start(self, request: Request, alias: str | None) -> None:
        project = await project_of(request, self._house, request.params["projectID"])
        body = decode(_decode_start, await request.body(self._house.body_limit))
        user = UserID(checked_user(body.user, LONGEST_USER))
        variant = routed(project, user) if alias is None else named(project, alias)
        session = await self._house.directory.create(project.id, user, variant.environment, variant.contact)
        await reply_json(request, {"sessionKey": self._house.keys.issue(session.state())})

    async def emit_event(self, request: Request) -> None:
        """`POST /v2/project/{projectID}/session/{sessionKey}/event`"""
        project = await project_of(request, self._house, request.params["projectID"])
        claims = self._house.keys.read(request.params["sessionKey"])
        if claims.project != project.id:
            raise NotAllowed("This session key belongs to another project.")
        action = event_action(await request.body(self._house.body_limit))
        session = await self._heard(claims.session)
        injection = None
        if session is not None:
            answer = await session.post(Post(action, session.manner))
            await answer.accepted()
            injection = answer.turn
        if REPRESENTATION not in (request.header(b"prefer") or "").replace(" ", "").lower():
            await reply_empty(request, 201)
            return
        status = "no_active_connection" if injection is None else "delivered"
        headers = [(b"preference-applied", REPRESENTATION.encode())]
        await reply_json(request, {"status": status, "injectionID": injection}, 201, headers)

    async def _heard(self, id: Any) -> SessionHandle | None:
        """The session, where a live connection listens to it: without one an event has no effect."""
        try:
            session = await self._house.directory.find(id)
        except (SessionEnded, NotFound):
            return None
        return session if session.listeners else None
