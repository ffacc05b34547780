"""The conversation of a user on the stable API: turns in it, and its state (Conversations API, section 2.5)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from parley.domain.actions import Launch, parse_action
from parley.domain.ids import UserID
from parley.domain.program import Program
from parley.domain.project import Project
from parley.domain.state import SessionState
from parley.domain.transcript import TurnConfig
from parley.domain.variant import WHICH, Variant, Which, variant_of
from parley.errors import InvalidInput, NotFound, SessionEnded
from parley.session.edits import Change, begun_anew, check_size, merged_variables, replaced, settable
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.session.showing import shown_state
from parley.transports.http.json_body import decode
from parley.transports.http.reply import reply_encoded, reply_json
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes
from parley.transports.http.stable_access import StableAccess, environment_of
from parley.transports.http.stable_rights import CONVERSATION, STATE
from parley.transports.http.state_body import FrameBody, StateBody, frames_of, storage_of
from parley.transports.http.turn_body import checked_user, key_of
from parley.transports.http.turn_routes import names_of, wrapped
from parley.transports.http.user_turn import posted_for, session_for

LONGEST_USER = 256
EMPTY: dict[str, Any] = {"stack": [], "storage": {}, "variables": {}}


class ConfigBody(Struct, frozen=True):
    """How the answer is shaped."""

    exclude_types: list[str] = field(name="excludeTypes", default=[])


class SendBody(Struct):
    """The body of a turn."""

    action: Any
    version: Which
    session: str | None = field(name="sessionID", default=None)
    config: ConfigBody = ConfigBody()


class StableFrame(FrameBody, kw_only=True):
    """One stack entry, with all that it must have."""

    diagram: str = field(name="diagramID")
    name: str | None
    storage: dict[str, Any]
    variables: dict[str, Any]


class StableState(StateBody, kw_only=True, forbid_unknown_fields=True):
    """A whole state."""

    stack: list[StableFrame]  # type: ignore[assignment]


class VariablesBody(Struct, forbid_unknown_fields=True):
    """Variables to merge."""

    variables: dict[str, Any]


_decode_send = msgspec.json.Decoder(SendBody).decode
_decode_state = msgspec.json.Decoder(StableState).decode
_decode_variables = msgspec.json.Decoder(VariablesBody).decode


class Talk(Struct, frozen=True):
    """Whose conversation a request is about: one of this user, on the draft of an environment or on what it serves."""

    project: Project
    user: UserID
    variant: Variant

    def has(self, state: SessionState) -> bool:
        """The session of this state is this conversation."""
        on = self.variant
        return state.environment == on.environment.alias and state.contact.is_draft is on.is_draft


class StableConversationRoutes:
    """Endpoints about one user."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def send(self, request: Request, project: Project) -> None:
        """`PUT /v1/stable/conversation/{userID}`"""
        environment, user = environment_of(request, project), _user(request)
        body = decode(_decode_send, await request.body(self._house.body_limit))
        talk = Talk(project, user, variant_of(environment, body.version))
        config = TurnConfig(exclude_types=frozenset(body.config.exclude_types))
        post = Post(parse_action(body.action), config, key=key_of(request))

        async def find() -> SessionHandle:
            if body.session is not None:
                return await self._named(talk, body.session)
            return await self._found(talk, is_launch=isinstance(post.action, Launch))

        try:
            answer = await posted_for(self._house.directory, project.id, user, post.key, find, lambda _: post)
        except SessionEnded as ended:
            if body.session is None:
                raise
            raise _no_session(body.session) from ended
        await reply_encoded(request, wrapped(await answer.whole()), headers=names_of(answer))

    async def get(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/conversation-state/{userID}`: an empty state where there is no such conversation."""
        talk = self._talk(request, project)
        state = await self._house.directory.latest(project.id, talk.user)
        if state is None or not talk.has(state):
            await reply_json(request, {"state": EMPTY})
            return
        program = await self._program(state)
        shown = shown_state(state, program, self._house.clock.now_ms())
        await reply_json(request, {"state": {name: shown[name] for name in EMPTY}})

    async def put(self, request: Request, project: Project) -> None:
        """`PATCH /v1/stable/conversation-state/{userID}`: the whole state is replaced."""
        talk = self._talk(request, project)
        body = decode(_decode_state, await request.body(self._house.body_limit))
        session = await self._found(talk)
        program = await self._program(session.state())
        frames, storage, variables = frames_of(body, program), storage_of(body), settable(body.variables)
        check_size({}, variables, program.settings.limits.variable_bytes)
        await self._change(session, replaced(frames, storage, variables), "state")
        await reply_json(request, {"message": "The state has been replaced."})

    async def delete(self, request: Request, project: Project) -> None:
        """`DELETE /v1/stable/conversation-state/{userID}`: begins anew; variables stay."""
        talk = self._talk(request, project)
        directory = self._house.directory
        state = await directory.latest(project.id, talk.user)
        if state is not None and state.ended is None and talk.has(state):
            await self._change(await self._found(talk), begun_anew, "reset")
        await reply_json(request, {"message": "The state has been reset."})

    async def patch_variables(self, request: Request, project: Project) -> None:
        """`PATCH /v1/stable/conversation-state/{userID}/variables`"""
        talk = self._talk(request, project)
        body = decode(_decode_variables, await request.body(self._house.body_limit))
        session, variables = await self._found(talk), settable(body.variables)
        program = await self._program(session.state())
        check_size(session.state().variables, variables, program.settings.limits.variable_bytes)
        await self._change(session, merged_variables(variables), "variables")
        await reply_json(request, {"message": "The variables have been set."})

    def _talk(self, request: Request, project: Project) -> Talk:
        environment = environment_of(request, project)
        which = request.one_of("version", WHICH)
        if which is None:
            raise InvalidInput.at("version", " or ".join(WHICH))
        return Talk(project, _user(request), variant_of(environment, which))

    async def _found(self, talk: Talk, *, is_launch: bool = False) -> SessionHandle:
        """The conversation, begun where there is none. A launch begins another where the agent has changed."""
        directory = self._house.directory

        async def find() -> SessionHandle:
            return await session_for(directory, talk.project.id, talk.user, talk.variant)

        session = await find()
        served = self._house.catalog.current(talk.variant.environment)
        if is_launch and session.state().version != served.version:
            await directory.end(session.id, "replaced")
            session = await find()
        return session

    async def _named(self, talk: Talk, id: str) -> SessionHandle:
        """The conversation, which must be the session of this id. Raises `NotFound`."""
        state = await self._house.directory.latest(talk.project.id, talk.user)
        if state is None or state.id != id or state.ended is not None or not talk.has(state):
            raise _no_session(id)
        try:
            return await self._house.directory.find(state.id)
        except SessionEnded as ended:
            raise _no_session(id) from ended

    async def _program(self, state: SessionState) -> Program:
        return (await self._house.catalog.agent(state.version)).program

    async def _change(self, session: SessionHandle, change: Change, name: str) -> None:
        await (await session.edit(change, name)).whole()


def add_conversation_routes(table: Routes, house: House, access: StableAccess) -> None:
    """Add these."""
    routes = StableConversationRoutes(house)
    access.add(table, CONVERSATION, {"PUT": routes.send})
    access.add(table, STATE, {"GET": routes.get, "PATCH": routes.put, "DELETE": routes.delete})
    access.add(table, f"{STATE}/variables", {"PATCH": routes.patch_variables})


def _user(request: Request) -> UserID:
    return UserID(checked_user(request.params["userID"], LONGEST_USER))


def _no_session(id: str) -> NotFound:
    message = f"This user has no live session '{id[:64]}' here. Leave sessionID out to begin or continue one."
    return NotFound(message, code="no_session")
