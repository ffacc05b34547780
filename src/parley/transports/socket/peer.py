"""One connection that holds a session: what both dialects share.

Source: seed 001 (lifecycle), decisions ("Socket"). What a client sends is answered in order, one thing at a time;
what the session says goes out as it happens, without a task or a queue of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from msgspec import Struct

from parley.domain.ids import ProjectID, UserID
from parley.domain.project import Project
from parley.errors import InvalidInput, NotAllowed, NotFound, ParleyError, SessionEnded
from parley.session.answer import Answer
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.outbox import Follower
from parley.transports.socket_connection import SocketConnection

log = structlog.get_logger()

WAITING = 64
"""How many messages of one client may wait to be handled before it is cut."""


class Visitor(Struct, frozen=True):
    """Who is talking, to which project."""

    user: UserID
    project: Project
    environment: str | None


class Peer:
    """Handles the messages of one connection in order, and follows one session."""

    def __init__(self, connection: SocketConnection, house: House, refused: Callable[[ParleyError], None]) -> None:
        self.connection = connection
        self.house = house
        self.visitor: Visitor | None = None
        self.session: SessionHandle | None = None
        self.followed_from = 0
        """Emissions from this offset on have been or will be heard here."""
        self._refused = refused
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque()
        self._handling: asyncio.Task[None] | None = None
        self._leave: Callable[[], None] | None = None

    def handle(self, message: Callable[[], Awaitable[None]]) -> None:
        """Do this after what came before."""
        if len(self._waiting) >= WAITING:
            self.connection.cut()
            return
        self._waiting.append(message)
        if self._handling is None:
            self._handling = asyncio.get_running_loop().create_task(self._work())

    def gone(self) -> None:
        """The connection is closed; the session goes on."""
        self.unfollow()

    def unfollow(self) -> None:
        """Hear no more of the session."""
        if self._leave is not None:
            self._leave()
            self._leave = None

    def follow(self, session: SessionHandle, follower: Follower) -> None:
        """Hear everything the session says from now on."""
        self.unfollow()
        self.session = session
        self.followed_from = session.place()[1] + 1
        self._leave = session.follow(follower)

    async def admit(self, wire: dict[str, Any]) -> Visitor:
        """Check who wants to talk. Raises `InvalidInput`, `NotAllowed`, `NotFound`."""
        user = text_of(wire, "userID", longest=256)
        project = self.house.catalog.project(ProjectID(text_of(wire, "projectID")))
        authorization = wire.get("authorization")
        if authorization:
            await self.house.access.open(str(authorization), project.id)
        origin = self.connection.handshake.headers.get("origin")
        if project.origins and origin is not None and origin not in project.origins:
            raise NotAllowed("This web origin may not use this project.", code="origin_not_allowed")
        environment = wire.get("environmentID")
        if environment is not None and not isinstance(environment, str):
            raise InvalidInput.at("environmentID", "string")
        if environment:
            project.environment(environment)
        self.visitor = Visitor(UserID(user), project, environment or None)
        return self.visitor

    async def resume(self, key: Any) -> SessionHandle | None:
        """The session that this key names, None when a new one is required."""
        if not isinstance(key, str) or not key or self.visitor is None:
            return None
        try:
            claims = self.house.keys.read(key)
            if (claims.project, claims.user) != (self.visitor.project.id, self.visitor.user):
                return None
            return await self.house.directory.find(claims.session)
        except (NotAllowed, NotFound, SessionEnded):
            return None

    async def create(self) -> tuple[SessionHandle, str]:
        """A new session of the visitor, and its key."""
        visitor = self.visitor
        if visitor is None:
            raise InvalidInput("Start the client first.", code="not_started")
        project = visitor.project
        environment = project.environment(visitor.environment) if visitor.environment else project.routed(visitor.user)
        session = await self.house.directory.create(project.id, visitor.user, environment)
        return session, self.house.keys.issue(session.state())

    async def hand_back(self, running: Answer | None) -> dict[str, Any]:
        """The payload of `server.restart`: the action to send again, where this server could not finish it."""
        if running is None or running.is_over or self.session is None:
            return {}
        if not await self.session.hand_back(running.turn):
            return {}
        return {"action": running.record.action}

    async def _work(self) -> None:
        try:
            while self._waiting and self.connection.is_open:
                message = self._waiting.popleft()
                try:
                    await message()
                except ParleyError as error:
                    self._refused(error)
        finally:
            self._handling = None


def text_of(wire: dict[str, Any], name: str, *, longest: int = 1024) -> str:
    """A required text of a message. Raises `InvalidInput`."""
    value = wire.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidInput.at(name, f"string of 1 to {longest} characters")
    return value
