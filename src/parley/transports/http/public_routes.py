"""The turn of the older widget, which has no key (engine, section 1.1): `{action, config}` in, `{trace}` out."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.ids import UserID
from parley.domain.project import Project
from parley.session.answer import Answer
from parley.session.handle import Post
from parley.session.house import House
from parley.transports.http.json_body import decode
from parley.transports.http.legacy_routes import LONGEST_USER, LegacyRoutes
from parley.transports.http.public import public_project
from parley.transports.http.reply import reply_encoded
from parley.transports.http.request import Request
from parley.transports.http.turn_body import checked_user, key_of, legacy_post
from parley.transports.http.turn_routes import joined, names_of
from parley.transports.http.user_turn import posted_for, session_for


class PublicBody(Struct):
    """All that is read of the body: who has no key sets no variables."""

    action: Any = None
    config: Any = None


_decode_public = msgspec.json.Decoder(PublicBody).decode


class PublicRoutes:
    """Endpoints that post an action without a key, for the pages that a project allows."""

    def __init__(self, house: House, legacy: LegacyRoutes) -> None:
        self._house = house
        self._legacy = legacy

    async def interact(self, request: Request) -> None:
        """`POST /public/{projectID}/state/user/{userID}/interact`"""
        project = public_project(request, self._house)
        user = UserID(checked_user(request.params["userID"], LONGEST_USER))
        body = decode(_decode_public, await request.body(self._house.body_limit))
        read = msgspec.json.encode(body)
        post = legacy_post(request, read, key_of(request), {}, shows_state=False)
        answer = await self._post(request, project, user, post)
        traces = joined(await answer.whole())
        await reply_encoded(request, b'{"trace":%b}' % traces, headers=names_of(answer))

    async def _post(self, request: Request, project: Project, user: UserID, post: Post) -> Answer:
        variant = self._legacy.variant_of(request, project)
        directory = self._house.directory
        return await posted_for(
            *(directory, project.id, user, post.key),
            find=lambda: session_for(directory, project.id, user, variant),
            make=lambda _: post,
        )
