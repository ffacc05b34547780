"""The state of a user's conversation, read and changed between turns (Conversations API 2.3)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.ids import UserID
from parley.domain.program import Program
from parley.domain.project import Project
from parley.domain.variant import variant_of
from parley.errors import NotFound
from parley.session.edits import Change, begun_anew, check_size, merged_variables, replaced, settable
from parley.session.forgetting import forget_user
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.showing import shown_state
from parley.transports.http.credentials import project_of
from parley.transports.http.json_body import decode
from parley.transports.http.legacy_routes import LONGEST_USER, LegacyRoutes
from parley.transports.http.reply import reply_empty, reply_json
from parley.transports.http.request import Request
from parley.transports.http.state_body import decode_state_body, frames_of, storage_of
from parley.transports.http.turn_body import checked_user
from parley.transports.http.user_turn import session_for

_decode_variables = msgspec.json.Decoder(dict[str, Any]).decode


class Owner(Struct, frozen=True):
    """Whose state a request is about."""

    project: Project
    user: UserID


class StateRoutes:
    """Endpoints with an API key and the header `projectID`, about one user."""

    def __init__(self, house: House, legacy: LegacyRoutes) -> None:
        self._house = house
        self._legacy = legacy

    async def get(self, request: Request) -> None:
        """`GET /state/user/{userID}`: `{}` for a user who was never here."""
        owner = await self._owner(request)
        state = await self._house.directory.latest(owner.project.id, owner.user)
        if state is None:
            await reply_json(request, {})
            return
        agent = await self._house.catalog.agent(state.version)
        await reply_json(request, shown_state(state, agent.program, self._house.clock.now_ms()))

    async def put(self, request: Request) -> None:
        """`PUT /state/user/{userID}`"""
        owner = await self._owner(request)
        body = decode_state_body(await request.body(self._house.body_limit))
        session, program = await self._session(request, owner)
        frames, storage = frames_of(body, program), storage_of(body)
        variables = settable(body.variables)
        check_size({}, variables, program.settings.limits.variable_bytes)
        await self._change(request, session, program, replaced(frames, storage, variables), "state")

    async def reset(self, request: Request) -> None:
        """`POST /state/user/{userID}`"""
        session, program = await self._session(request, await self._owner(request))
        await self._change(request, session, program, begun_anew, "reset")

    async def delete(self, request: Request) -> None:
        """`DELETE /state/user/{userID}`"""
        owner = await self._owner(request)
        await forget_user(self._house, owner.project.id, owner.user)
        await reply_empty(request)

    async def patch_variables(self, request: Request) -> None:
        """`PATCH /state/user/{userID}/variables`"""
        owner = await self._owner(request)
        variables = settable(decode(_decode_variables, await request.body(self._house.body_limit)))
        session, program = await self._session(request, owner)
        check_size(session.state().variables, variables, program.settings.limits.variable_bytes)
        await self._change(request, session, program, merged_variables(variables), "variables")

    async def _owner(self, request: Request) -> Owner:
        project = await project_of(request, self._house, request.header(b"projectid"))
        return Owner(project, UserID(checked_user(request.params["userID"], LONGEST_USER)))

    async def _session(self, request: Request, owner: Owner) -> tuple[SessionHandle, Program]:
        """The user's session that lives, a new one where there is none."""
        directory, project = self._house.directory, owner.project
        variant = self._legacy.variant_of(request, project)
        latest = await directory.latest(project.id, owner.user)
        if latest is not None and latest.ended is None and request.header(b"versionid") is None:
            # One that is no longer served: the user goes on in the default one.
            with suppress(NotFound):
                variant = variant_of(
                    project.environment(latest.environment), "draft" if latest.contact.is_draft else None
                )
        session = await session_for(directory, project.id, owner.user, variant)
        agent = await self._house.catalog.agent(session.state().version)
        return session, agent.program

    async def _change(
        self, request: Request, session: SessionHandle, program: Program, change: Change, name: str
    ) -> None:
        answer = await session.edit(change, name)
        await answer.whole()
        await reply_json(request, shown_state(session.state(), program, self._house.clock.now_ms()))
