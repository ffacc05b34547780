"""The legacy turns, named by user: the stream (Conversations API 2.1) and the state interact (2.2)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from parley.domain.ids import UserID
from parley.domain.project import Project
from parley.domain.variant import DEVELOPMENT, WHICH, Variant, draft_of, named
from parley.errors import NotFound
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.reply import reply_encoded
from parley.transports.http.request import Request
from parley.transports.http.sse import stream
from parley.transports.http.turn_body import checked_user, key_of, legacy_post, stream_post
from parley.transports.http.turn_routes import joined, names_of, state_in
from parley.transports.http.user_turn import posted_for, session_for

LONGEST_USER = 128


class LegacyRoutes:
    """Endpoints that post an action with an API key, for a user."""

    def __init__(self, house: House, keep_alive: KeepAlive) -> None:
        self._house = house
        self._keep_alive = keep_alive

    async def interact_stream(self, request: Request) -> None:
        """`POST /v2/project/{projectID}/user/{userID}/interact/stream`"""
        project = await project_of(request, self._house, request.params["projectID"])
        user = UserID(checked_user(request.params["userID"], LONGEST_USER))
        which = request.one_of("versionVariant", WHICH)
        variant = named(project, request.query("environment") or DEVELOPMENT, which)
        post = stream_post(request, await request.body(self._house.body_limit), key_of(request))
        answer = await self._post(project, user, variant, lambda _: post, post.key)
        await answer.accepted()
        await stream(request, answer, self._keep_alive, self._house.clock)

    async def interact(self, request: Request) -> None:
        """`POST /state/user/{userID}/interact`"""
        project = await project_of(request, self._house, request.header(b"projectid"))
        user = UserID(checked_user(request.params["userID"], LONGEST_USER))
        variant = self.variant_of(request, project)
        is_verbose = request.flag("verbose")
        body, key = await request.body(self._house.body_limit), key_of(request)

        def post(session: SessionHandle) -> Post:
            return legacy_post(request, body, key, session.state().variables, shows_state=is_verbose)

        answer = await self._post(project, user, variant, post, key)
        said = await answer.whole()
        traces = joined(said)
        if is_verbose:
            asked = msgspec.json.encode(answer.record.action)
            traces = b'{"state":%b,"trace":%b,"request":%b}' % (state_in(said) or b"{}", traces, asked)
        await reply_encoded(request, traces, headers=names_of(answer))

    def variant_of(self, request: Request, project: Project) -> Variant:
        """What the `versionID` header names: an environment by its alias, or a version that is published or a draft."""
        name = request.header(b"versionid") or DEVELOPMENT
        for variant in (find(each) for find in (Variant, draft_of) for each in project.environments):
            if self._house.catalog.current(variant.environment).version == name:
                return variant
        try:
            return named(project, name)
        except NotFound as error:
            raise NotFound(f"Cannot resolve version alias, {error.message}", code="no_environment") from error

    async def _post(
        self,
        project: Project,
        user: UserID,
        variant: Variant,
        make: Callable[[SessionHandle], Post],
        key: str | None,
    ) -> Answer:
        directory = self._house.directory
        return await posted_for(
            *(directory, project.id, user, key),
            find=lambda: session_for(directory, project.id, user, variant),
            make=make,
        )
