"""What the widget does with a whole conversation: end it, download it, and say which device it is on."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from parley.domain.actions import parse_action
from parley.domain.file_name import attachment
from parley.domain.project import Project
from parley.domain.state import SessionState
from parley.domain.transcript import TurnConfig, TurnRecord
from parley.errors import NotAllowed, NotFound, SessionEnded
from parley.session.handle import Post
from parley.session.house import House
from parley.session.whole import all_turns
from parley.transports.http.json_body import decode
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.public import LONGEST_USER, check_version, public_project, public_user
from parley.transports.http.reply import UNCACHED, Headers, reply_json
from parley.transports.http.request import Request
from parley.transports.http.transcript_text import TranscriptText
from parley.transports.http.turn_body import checked_user

ENDING = {"type": "end", "payload": {"reason": "ended by the user"}}
NOT_THEIRS = "This is not a valid session key of this user in this project."
TEXT_HEADERS: Headers = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-expose-headers", b"Content-Disposition"),
    UNCACHED,
]


class DownloadBody(Struct):
    """Whose transcript."""

    user: str = msgspec.field(name="userID")
    key: str = msgspec.field(name="sessionKey")


class UpsertBody(Struct):
    """What the older widget tells of its conversation. `sessionID` is its user."""

    session: Any = msgspec.field(name="sessionID", default=None)
    os: str | None = None
    device: str | None = None
    browser: str | None = None
    user: dict[str, Any] | None = None
    unread: bool | None = None


_decode_download = msgspec.json.Decoder(DownloadBody).decode
_decode_upsert = msgspec.json.Decoder(UpsertBody).decode


class TranscriptRoutes:
    """Endpoints for the pages that a project allows."""

    def __init__(self, house: House, legacy: LegacyRoutes) -> None:
        self._house = house
        self._legacy = legacy

    async def end(self, request: Request) -> None:
        """`POST /transcripts/end/project/{projectID}/user/{userID}`: ends the user's session, running turn and all.

        The answer is the same whether there is one: who asks needs no key, and learns nothing.
        """
        project = public_project(request, self._house)
        user = public_user(request)
        await check_version(request, self._house, self._legacy, project)
        latest = await self._house.directory.latest(project.id, user)
        if latest is not None and latest.ended is None:
            with suppress(SessionEnded, NotFound):
                session = await self._house.directory.find(latest.id)
                post = Post(parse_action(ENDING), TurnConfig(concurrency="interrupt"))
                await (await session.post(post)).whole()
        await reply_json(request, {})

    async def download(self, request: Request) -> None:
        """`POST /v2/public/{projectID}/transcripts/download`"""
        project = public_project(request, self._house)
        body = decode(_decode_download, await request.body(self._house.body_limit))
        claims = self._house.keys.read(body.key)
        if (claims.project, claims.user) != (project.id, body.user):
            raise NotAllowed(NOT_THEIRS)
        try:
            session = await self._house.directory.recall(claims.session)
        except NotFound as error:
            raise NotAllowed(NOT_THEIRS) from error
        transcripts = self._house.transcripts
        if transcripts is None:
            raise NotFound("This server keeps no transcripts.")
        state = session.state()
        turns = all_turns(transcripts, state.id)
        # What can fail fails before the answer has begun.
        first: list[TurnRecord] = await anext(turns, [])
        zone = await self._zone(state, first)
        began = datetime.fromtimestamp(state.created_at / 1000, zone)
        text = TranscriptText(project.name, zone)
        disposition = attachment(f"transcript-{began:%Y-%m-%d}.txt").encode()
        head = [*TEXT_HEADERS, (b"content-disposition", disposition)]
        await request.send({"type": "http.response.start", "status": 200, "headers": head})
        await _write(request, text.opening(state.created_at) + "".join(map(text.turn, first)))
        async for page in turns:
            await _write(request, "".join(map(text.turn, page)))
        await request.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def upsert(self, request: Request) -> None:
        """`POST /public/{projectID}/transcripts` and `POST /transcripts/{projectID}`: answered; nothing more is kept.

        The transcript of a conversation is its turns, from the first one on, and needs no announcement.
        """
        project = public_project(request, self._house)
        body = decode(_decode_upsert, await request.body(self._house.body_limit))
        user = checked_user(body.session, LONGEST_USER)
        await reply_json(request, _upserted(project, user, body, self._house.clock.now_ms()))

    async def _zone(self, state: SessionState, turns: list[TurnRecord]) -> ZoneInfo:
        program = (await self._house.catalog.agent(state.version)).program
        told = [turn.config.user_timezone for turn in reversed(turns)]
        for name in (state.variables.get("vf_user_timezone"), *told, program.settings.timezone):
            with suppress(KeyError, ValueError, OSError):
                if isinstance(name, str) and name:
                    return ZoneInfo(name)
        return ZoneInfo("UTC")


async def _write(request: Request, text: str) -> None:
    body = text.encode("utf-8", "replace")
    if body:
        await request.send({"type": "http.response.body", "body": body, "more_body": True})


def _upserted(project: Project, user: str, body: UpsertBody, now_ms: int) -> dict[str, Any]:
    told = {name: getattr(body, name) for name in ("os", "device", "browser", "user")}
    return {
        # The same every time for the same conversation, and told from nothing that the client does not know.
        "_id": hashlib.sha256(f"{project.id}\0{user}".encode()).hexdigest()[:24],
        "projectID": project.id,
        "sessionID": user,
        "unread": body.unread is not False,
        "updatedAt": now_ms,
        **{name: value for name, value in told.items() if value is not None},
    }
