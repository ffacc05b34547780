"""Thumbs and words about answers: taken from widgets, read by the people who build the agent."""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.ids import new_id
from parley.errors import InvalidInput, NotFound
from parley.ports.feedback import Feedback, FeedbackRecord
from parley.session.house import House
from parley.transports.http.credentials import project_of
from parley.transports.http.json_body import decode
from parley.transports.http.public import public_project, public_user
from parley.transports.http.reply import reply_json
from parley.transports.http.request import Request

LARGEST = 16 * 1024
LARGEST_PAGE = 1000

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class FeedbackRoutes:
    """Endpoints about feedback."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def give(self, request: Request) -> None:
        """`POST /feedback/{projectID}/user/{userID}`: no key; what the path names may be a user or a session."""
        project, subject = public_project(request, self._house), public_user(request)
        data = decode(_decode, await request.body(LARGEST))
        now = self._house.clock.now_ms()
        await self._kept().add(FeedbackRecord(new_id(now), project.id, subject, now, data))
        await reply_json(request, {})

    async def list(self, request: Request) -> None:
        """`GET /feedback/{projectID}`: with an API key, oldest first; `after` is the last id of the page before."""
        project = await project_of(request, self._house, request.params["projectID"])
        records = await self._kept().list(
            project.id,
            subject=request.query("userID") or None,
            after=request.query("after") or "",
            at_most=_limit(request),
        )
        shown = [
            {"id": each.id, "userID": each.subject, "givenAt": each.given_at, "feedback": each.data} for each in records
        ]
        await reply_json(request, {"feedback": shown})

    def _kept(self) -> Feedback:
        if self._house.feedback is None:
            raise NotFound("This server keeps no feedback.")
        return self._house.feedback


def _limit(request: Request) -> int:
    given = request.query("limit") or "100"
    if not (given.isascii() and given.isdecimal() and len(given) < 6 and 1 <= int(given) <= LARGEST_PAGE):
        raise InvalidInput.at("limit", f"a number from 1 to {LARGEST_PAGE}")
    return int(given)
