"""Files that users send: a ticket first, then the file itself as a form; and the files for whoever has their URL."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from parley.domain.file_name import UNNAMED, attachment, safe_name
from parley.domain.file_place import FilePlace, parse_place
from parley.domain.ids import ProjectID, UserID
from parley.errors import Busy, InvalidInput, NotAllowed, NotFound
from parley.session.access import bare
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.uploads import LARGEST, Uploads, check_name
from parley.transports.http.json_body import decode
from parley.transports.http.multipart import parse_form
from parley.transports.http.problems import Refused
from parley.transports.http.public import LONGEST_USER, check_origin
from parley.transports.http.reply import Headers, reply_empty, reply_json
from parley.transports.http.request import BodyTooLarge, Request
from parley.transports.http.turn_body import checked_user

UPLOAD = "/v1/handoff/file-storage/upload"
FILES = "/files"
LARGEST_FORM = LARGEST + 64 * 1024
AT_ONCE = 16
"""Files on their way in: each is held in memory until it is whole."""
SLOWEST_SECONDS = 120
SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, max-age=300"),
    (b"access-control-expose-headers", b"Content-Disposition"),
]

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class TicketBody(Struct):
    """Who wants to send what. Names are those that clients use; all but who is optional."""

    key: str | None = msgspec.field(name="sessionKey", default=None)
    project: str | None = msgspec.field(name="projectID", default=None)
    user: Any = msgspec.field(name="userID", default=None)
    name: str | None = None
    filename: str | None = None
    size: float | None = None


_decode_ticket = msgspec.json.Decoder(TicketBody).decode


class UploadRoutes:
    """Endpoints about files. Who may send is told by a session key, or by the user of a session that lives."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._coming = 0

    async def ticket(self, request: Request) -> None:
        """`POST /v1/handoff/file-storage`"""
        uploads = self._uploads()
        sent = await request.body(self._house.body_limit)
        body = decode(_decode_ticket, sent) if sent else TicketBody()
        session = await self._session(request, body)
        name = body.filename or body.name or ""
        check_name(name)
        if body.size is not None and body.size > LARGEST:
            raise BodyTooLarge(LARGEST)
        ticket = await uploads.ticket(session.id)
        base = base_url(request)
        answer = {
            "url": base + UPLOAD if ticket.grant is None else ticket.grant.url,
            "fields": ticket.fields,
            "provider": uploads.provider,
            "fileURL": base + path_of(ticket.place, safe_name(name) if name else UNNAMED),
        }
        await reply_json(request, answer)

    async def upload(self, request: Request) -> None:
        """`POST /v1/handoff/file-storage/upload`: the fields of the ticket, then the file."""
        uploads = self._uploads()
        if self._coming >= AT_ONCE:
            raise Busy("Too many files are being sent at this moment. Try again.")
        self._coming += 1
        try:
            async with asyncio.timeout(SLOWEST_SECONDS):
                sent = await request.body(LARGEST_FORM)
            form = parse_form(request.header(b"content-type"), sent)
        except TimeoutError as error:
            message = f"file: expected to have come whole within {SLOWEST_SECONDS} seconds"
            raise Refused("invalid_input", message, [(b"connection", b"close")]) from error
        finally:
            self._coming -= 1
        place = uploads.place_of(form.fields)
        if len(form.file) > LARGEST:
            raise BodyTooLarge(LARGEST)
        try:
            await self._check_kept(uploads, place)
        except NotFound as error:
            raise NotAllowed("The conversation of this ticket has been deleted.") from error
        received = await uploads.receive(place, form.file_name, form.file)
        url = base_url(request) + path_of(place, received.name)
        answer = {
            "url": url,
            "key": place.key,
            "filename": received.name,
            "mimeType": received.kind.mime,
            "size": received.size,
        }
        await reply_json(request, answer, 201, [(b"location", url.encode())])

    async def download(self, request: Request) -> None:
        """`GET /files/{sessionID}/{fileID}/{name}`: always as something to save, never as a page."""
        uploads = self._uploads()
        place = parse_place(request.params["sessionID"], request.params["fileID"])
        await self._check_kept(uploads, place)
        found = await uploads.fetch(place, request.params["name"])
        if found.data is None:
            headers = [*SAFE, (b"location", (found.link or "").encode())]
            await reply_empty(request, 302, [each for each in headers if each[0] != b"cache-control"])
            return
        head: Headers = [
            (b"content-type", found.kind.mime.encode()),
            (b"content-length", b"%d" % len(found.data)),
            (b"content-disposition", attachment(found.name).encode()),
            *SAFE,
        ]
        await request.send({"type": "http.response.start", "status": 200, "headers": head})
        body = b"" if request.method == "HEAD" else found.data
        await request.send({"type": "http.response.body", "body": body})

    async def _check_kept(self, uploads: Uploads, place: FilePlace) -> None:
        """Files go with their conversation: one that was deleted takes them along."""
        try:
            await self._house.directory.recall(place.session)
        except NotFound as error:
            await uploads.forget(place.session)
            raise NotFound("There is no such file.") from error

    async def _session(self, request: Request, body: TicketBody) -> SessionHandle:
        key = body.key or bare(request.header(b"authorization") or "")
        if key:
            claims = self._house.keys.read(key)
            check_origin(request, self._house.catalog.project(ProjectID(claims.project)))
            try:
                return await self._house.directory.find(claims.session)
            except NotFound as error:
                raise NotAllowed("This is not a valid session key. Start a session to get one.") from error
        if body.project is None or body.user is None:
            raise NotAllowed("A session key is needed in the 'authorization' header.", code="key_missing")
        project = self._house.catalog.project(ProjectID(body.project))
        check_origin(request, project)
        latest = await self._house.directory.latest(project.id, UserID(checked_user(body.user, LONGEST_USER)))
        if latest is None or latest.ended is not None:
            raise NotAllowed("Files belong to a conversation. Start one first.")
        return await self._house.directory.find(latest.id)

    def _uploads(self) -> Uploads:
        if self._house.uploads is None:
            raise NotFound("This server takes no files.")
        return self._house.uploads


def path_of(place: FilePlace, name: str) -> str:
    """Where a file is served, under a name for people."""
    return f"{FILES}/{place.key}/{quote(name, safe='')}"


def base_url(request: Request) -> str:
    """How the client calls this server. Raises `InvalidInput` where it does not say."""
    host = request.header(b"host") or ""
    if _HOST.fullmatch(host) is None:
        raise InvalidInput.at("Host", "a host name")
    return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}"
