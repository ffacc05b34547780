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
from parley.domain.transcript import TurnConfig
from parley.domain.variant import WHICH, Variant, named, routed
from parley.errors import InvalidInput, NotAllowed, NotFound, ParleyError
from parley.session.answer import Answer
from parley.session.eager import start
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.outbox import Follower, Leave
from parley.transports.engineio.protocol import Reason
from parley.transports.socketio.connection import SocketConnection

log = structlog.get_logger()

WAITING = 256
"""How many messages of one client may wait to be handled before it is cut."""
LONGEST_USER = 256
LONGEST_NAME = 1024


class Visitor(Struct, frozen=True):
    """Who is talking, to which project."""

    user: UserID
    project: Project
    environment: str | None
    which: str | None

    def variant(self) -> Variant:
        """Where their next session begins."""
        if self.environment:
            return named(self.project, self.environment, self.which)
        return routed(self.project, self.user, self.which)


class Peer:
    """Handles the messages of one connection in order, and follows one session."""

    def __init__(self, connection: SocketConnection, house: House, refused: Callable[[ParleyError], None]) -> None:
        self.connection = connection
        self.house = house
        self.visitor: Visitor | None = None
        self.session: SessionHandle | None = None
        """Where actions go; None before there is one, and when it has ended."""
        self.followed: SessionHandle | None = None
        """What is heard here, ended or not."""
        self.is_leaving = False
        """The server lets go of this client."""
        self._refused = refused
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque()
        self._handling: asyncio.Task[None] | None = None
        self._leave: Leave | None = None
        self._sent: deque[Answer] = deque()

    def handle(self, message: Callable[[], Awaitable[None]]) -> None:
        """Do this after what came before: at once, and without a task, where nothing has to be waited for."""
        if self._handling is None:
            rest = start(self._attempt(message))
            if rest is not None:
                self._handling = asyncio.get_running_loop().create_task(self._work(rest))
        elif len(self._waiting) < WAITING:
            self._waiting.append(message)
        else:
            self.connection.cut()

    def gone(self) -> None:
        """The connection is closed; the session goes on."""
        self._waiting.clear()
        self.forget()

    def forget(self) -> None:
        """Hear no more of the session, and talk to none."""
        self.session = self.followed = None
        if self._leave is not None:
            self._leave()
            self._leave = None

    def follow(self, session: SessionHandle, follower: Follower, config: TurnConfig) -> None:
        """Hear everything the session says from now on, also what nobody has asked for as `config` has it."""
        self.forget()
        if self.connection.is_open:
            session.attune(config)
            self.session = self.followed = session
            self._leave = session.follow(follower, self._lost)

    def sent(self, answer: Answer) -> None:
        """An action of this client is on its way."""
        while self._sent and self._sent[0].is_over:
            self._sent.popleft()
        self._sent.append(answer)

    @property
    def unfinished(self) -> Answer | None:
        """The first of this client's actions whose turn is not over."""
        return next((answer for answer in self._sent if not answer.is_over), None)

    async def admit(self, wire: dict[str, Any]) -> Visitor:
        """Check who wants to talk. Raises `InvalidInput`, `NotAllowed`, `NotFound`."""
        self.visitor = None
        user = _user(wire)
        project_id, environment = _text(wire, "projectID"), _optional(wire, "environmentID")
        authorization = _optional(wire, "authorization")
        project = self.house.catalog.project(ProjectID(project_id or ""))
        if authorization:
            await self.house.access.open(authorization, project.id)
        origin = self.connection.handshake.headers.get("origin")
        if project.origins and origin is not None and origin not in project.origins:
            raise NotAllowed("This web origin may not use this project.", code="origin_not_allowed")
        if environment:
            project.environment(environment)
        which = _optional(wire, "versionVariant") or None
        if which is not None and which not in WHICH:
            raise InvalidInput.at("versionVariant", " or ".join(WHICH))
        self.visitor = Visitor(UserID(user), project, environment or None, which)
        return self.visitor

    async def known(self, wire: dict[str, Any]) -> SessionHandle | None:
        """The visitor's session that `sessionKey` names, ended or not; None for any other key."""
        key, visitor = _optional(wire, "sessionKey"), self.visitor
        if not key or visitor is None:
            return None
        try:
            claims = self.house.keys.read(key)
            if (claims.project, claims.user) != (visitor.project.id, visitor.user):
                return None
            return await self.house.directory.recall(claims.session)
        except (NotAllowed, NotFound):
            return None

    async def create(self) -> tuple[SessionHandle, str]:
        """A new session of the visitor, and its key."""
        visitor = self.visitor
        if visitor is None:
            raise InvalidInput("Start the client first.", code="not_started")
        variant = visitor.variant()
        session = await self.house.directory.create(
            visitor.project.id, visitor.user, variant.environment, variant.contact
        )
        return session, self.house.keys.issue(session.state())

    def _lost(self) -> None:
        """The session lives on, but not in what is followed here: the client comes back and finds it."""
        self.session = None
        if not self.is_leaving:
            self.connection.cut(Reason.SERVER_ERROR)

    async def _work(self, begun: Awaitable[None]) -> None:
        try:
            await begun
            while self._waiting and self.connection.is_open:
                await self._attempt(self._waiting.popleft())
        finally:
            self._handling = None

    async def _attempt(self, message: Callable[[], Awaitable[None]]) -> None:
        try:
            await message()
        except ParleyError as error:
            self._refused(error)
        except Exception:
            # What nobody foresaw ends this connection and nothing else.
            log.exception("socket message failed")
            self.connection.cut(Reason.SERVER_ERROR)


def _user(wire: dict[str, Any]) -> str:
    user = _text(wire, "userID", longest=LONGEST_USER)
    if any(ord(c) < 32 or ord(c) == 127 for c in user):
        raise InvalidInput.at("userID", "text without control characters")
    return user


def _text(wire: dict[str, Any], name: str, *, longest: int = LONGEST_NAME) -> str:
    value = wire.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidInput.at(name, f"string of 1 to {longest} characters")
    return value


def _optional(wire: dict[str, Any], name: str) -> str | None:
    value = wire.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInput.at(name, "string or null")
    return value
