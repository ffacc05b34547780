"""Starting a session, and sending an event into one (Conversations API 1.1 and 2.4)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.actions import Action
from parley.domain.ids import SessionID, TurnID, UserID
from parley.domain.variant import named, routed
from parley.errors import NotAllowed, NotFound, SessionEnded
from parley.session.emitted import emitted, event_key
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.json_body import decode
from parley.transports.http.reply import reply_empty, reply_json
from parley.transports.http.request import Request
from parley.transports.http.turn_body import checked_user, event_action, key_of

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
        id = await self._session_of(request)
        action = event_action(await request.body(self._house.body_limit))
        is_told = REPRESENTATION in (request.header(b"prefer") or "").replace(" ", "").lower()
        name = key_of(request)
        injection = await self._emit(id, action, event_key(name) if is_told or name else None)
        if not is_told:
            await reply_empty(request, 201)
            return
        status = "no_active_connection" if injection is None else "delivered"
        headers = [(b"preference-applied", REPRESENTATION.encode())]
        await reply_json(request, {"status": status, "injectionID": injection}, 201, headers)

    async def get_event(self, request: Request) -> None:
        """`GET /v2/project/{projectID}/session/{sessionKey}/event/{injectionID}`: what became of an event."""
        session = await self._house.directory.recall(await self._session_of(request))
        found = await emitted(session, request.params["injectionID"])
        receipt = {
            "injectionID": found.turn,
            "status": "delivered",
            "stage": found.stage,
            "turnID": found.turn,
            "receivedAt": found.received_at,
            "changedAt": found.changed_at,
        }
        await reply_json(request, receipt)

    async def _session_of(self, request: Request) -> SessionID:
        """The session of the key in the path, which the API key's project has. Raises `NotAllowed`."""
        project = await project_of(request, self._house, request.params["projectID"])
        claims = self._house.keys.read(request.params["sessionKey"])
        if claims.project != project.id:
            raise NotAllowed("This session key belongs to another project.")
        return claims.session

    async def _emit(self, id: SessionID, action: Action, key: str | None) -> TurnID | None:
        """The turn that answers the event; None where nobody listens, or the session ends just now."""
        session = await self._heard(id)
        if session is None:
            return None
        try:
            answer = await session.post(Post(action, session.manner, key=key))
        except SessionEnded:
            return None
        await answer.accepted()
        return answer.turn

    async def _heard(self, id: Any) -> SessionHandle | None:
        """The session, where a live connection listens to it: without one an event has no effect."""
        try:
            session = await self._house.directory.find(id)
        except (SessionEnded, NotFound):
            return None
        return session if session.listeners else None
