"""Conversations of a workspace: sessions, begun with a known person or a visitor, found only by who owns them.

Source: seed 003 (`sessions/start`); platform API, section 3; decisions, "Entities".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.actions import Launch, authored
from parley.domain.conversation_names import session_of_conversation
from parley.domain.ids import ProjectID, SessionID, UserID
from parley.domain.state import Contact, SessionState
from parley.domain.transcript import Completed, Emission, TurnConfig, TurnRecord
from parley.domain.workspace import Workspace, WorldEntity
from parley.errors import Conflict, NotFound, SessionEnded
from parley.ports.conversations import Conversations, Wanted
from parley.ports.transcripts import Transcripts
from parley.session.answer import Answer
from parley.session.directory import Directory
from parley.session.edits import briefed
from parley.session.handle import OWN_KEY, Post, SessionHandle
from parley.session.performance import SESSION_ENDED
from parley.session.whole import all_turns
from parley.workspaces.entities import facts_of
from parley.workspaces.registry import Workspaces
from parley.workspaces.said import Said
from parley.workspaces.services import Services, ServiceView

CLOSED = "closed"
GREETING = f"{OWN_KEY}greeting"
"""The key of the action that lets the agent speak first; messages over sockets can have no such name."""
WEB = "web"


class Briefing(Struct, frozen=True):
    """What is told for one conversation: to models how to behave, to them and to flows facts by name."""

    instruction: str = ""
    context: Mapping[str, Any] = {}


NO_BRIEFING = Briefing()


class Listed(Struct, frozen=True):
    """A page of conversations, and how many there are in all."""

    states: Sequence[SessionState]
    total: int


class Talks:
    """Begins, finds, lists and closes conversations."""

    def __init__(
        self,
        directory: Directory,
        transcripts: Transcripts,
        conversations: Conversations,
        workspaces: Workspaces,
        services: Services,
    ) -> None:
        self._directory = directory
        self._transcripts = transcripts
        self._conversations = conversations
        self._workspaces = workspaces
        self._services = services

    async def with_entity(
        self, service: ServiceView, entity: WorldEntity, briefing: Briefing = NO_BRIEFING, *, anew: bool = False
    ) -> tuple[SessionHandle, bool]:
        """The person's conversation with this service; True where it is new, for one of those who ask at once.

        `anew`: always a new one; the one that is open ends as `replaced`.
        """
        user = UserID(f"entity:{entity.id}:{service.environment.alias}:{WEB}")
        asked = (service.project.id, user, service.environment)
        contact = Contact(WEB, entity=entity.id, service=service.id, caller=entity.display_name or "")
        contact = _briefed(contact, replace(briefing, context={**facts_of(entity), **briefing.context}))
        if anew:
            return await self._directory.create(*asked, contact), True
        for _ in range(3):
            try:
                session, is_new = await self._directory.obtain(*asked, contact)
            except Conflict:
                continue  # another process has begun it meanwhile: find that one
            if not is_new and briefing != NO_BRIEFING:
                await self.brief(session, briefing)
            return session, is_new
        raise Conflict("This conversation is being begun by somebody else. Try again.")

    async def with_visitor(self, service: ServiceView, briefing: Briefing = NO_BRIEFING) -> SessionHandle:
        """A conversation with somebody who is not known."""
        user = UserID(f"visitor:{uuid.uuid4()}")
        contact = _briefed(Contact(WEB, service=service.id), briefing)
        return (await self._directory.obtain(service.project.id, user, service.environment, contact))[0]

    async def brief(self, session: SessionHandle, briefing: Briefing) -> None:
        """Tell more of it. Raises `SessionEnded`, `StoreUnavailable`."""
        await (await session.edit(briefed(briefing.instruction, briefing.context), "briefing")).whole()

    async def greet(self, session: SessionHandle, words: str | None = None) -> Answer:
        """Let the agent speak first, once; with `words` it has said these, and waits for what the user says.

        Durable when it returns.
        """
        wire: dict[str, Any] = {"type": "launch", "payload": {"resetState": False}}
        action = authored(words) if words else Launch(wire, wire["payload"])
        answer = await session.post(Post(action, key=GREETING))
        await answer.accepted()
        return answer

    async def say(self, session: SessionHandle, said: Said | str, *, streams: bool, key: str | None = None) -> Answer:
        """Take a turn. Raises `Conflict` when the conversation is closed."""
        said = said if isinstance(said, Said) else Said(said)
        config = TurnConfig(completion_events=streams, context=said.context, content=said.parts)
        try:
            return await session.post(Post(said.action(), config, key=key))
        except SessionEnded as ended:
            raise closed() from ended

    async def find(self, workspace: Workspace, conversation: str) -> SessionHandle:
        """The conversation, closed or not. Raises `NotFound`, for another workspace's too."""
        id = session_of_conversation(conversation)
        if id is None:
            raise NotFound("Conversation not found.", code="no_conversation")
        return await self.find_session(workspace, id, NotFound("Conversation not found.", code="no_conversation"))

    async def find_session(self, workspace: Workspace, id: SessionID, otherwise: NotFound) -> SessionHandle:
        """The session, ended or not. Raises `otherwise`."""
        try:
            session = await self._directory.recall(id)
        except NotFound as error:
            raise otherwise from error
        if not await self._workspaces.owns(workspace, session.state().project):
            raise otherwise
        return session

    async def live(self, id: SessionID) -> SessionHandle | None:
        """The session where it lives, whoever owns it."""
        try:
            session = await self._directory.recall(id)
        except NotFound:
            return None
        return session if session.state().ended is None else None

    async def list(
        self, workspace: Workspace, *, channel: str | None = None, at_most: int, skipped: int = 0, **more: Any
    ) -> Listed:
        """A workspace's conversations, newest first. `more` are fields of `Wanted`."""
        projects = {service.project.id for service in await self._services.of(workspace)}
        wanted = Wanted(tuple(sorted(map(ProjectID, projects))), channel=channel, **more)
        states = await self._conversations.list(wanted, at_most=at_most, skipped=skipped)
        return Listed(states, await self._conversations.count(wanted))

    async def close(self, session: SessionHandle) -> None:
        """End it; ending it twice is fine."""
        if session.state().ended is None:
            await self._directory.end(session.id, CLOSED)

    async def turns(self, session: SessionHandle) -> Sequence[TurnRecord]:
        """What was said so far, oldest first."""
        return [turn async for page in all_turns(self._transcripts, session.id) for turn in page]


def closed() -> Conflict:
    """No turn is taken any more."""
    return Conflict("Conversation is closed.", code="conversation_closed")


def check_taken(said: Sequence[Emission]) -> None:
    """Raises `Conflict` where a turn waited while the conversation was closed: nobody has answered it."""
    if any(isinstance(each.body, Completed) and each.body.reason == SESSION_ENDED for each in said):
        raise closed()


def _briefed(contact: Contact, briefing: Briefing) -> Contact:
    return replace(contact, instruction=briefing.instruction, context=dict(briefing.context))
