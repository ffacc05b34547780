"""The documents that a project answers from (Conversations API, section 9; docs/reference/knowledge.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from parley.domain.document import LARGEST, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.domain.project import Project
from parley.errors import Busy, NotFound
from parley.session.house import House
from parley.session.library import Given, Library
from parley.transports.http.document_body import file_in, page_in, shown, shown_whole, table_in, update_in
from parley.transports.http.multipart import parse_form
from parley.transports.http.problems import Refused
from parley.transports.http.reply import reply_json
from parley.transports.http.request import BodyTooLarge, Request
from parley.transports.http.stable_access import check_environment

LARGEST_FORM = LARGEST + 64 * 1024
AT_ONCE = 4
"""Large bodies on their way in: each is held in memory until it is whole."""
SLOWEST_SECONDS = 120


class DocumentRoutes:
    """Endpoints about a project. A document belongs to its project, in all of its environments."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._coming = 0

    async def list(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/document`"""
        self._check(request, project)
        documents = await self._library().list(project.id)
        await reply_json(request, {"documents": [shown(document) for document in documents]})

    async def add_page(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/document/url`"""
        self._check(request, project)
        given = page_in(request, await request.body(self._house.body_limit))
        await self._add(request, project.id, given)

    async def add_table(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/document/table`"""
        self._check(request, project)
        async with self._large_body(request) as body:
            given = table_in(request, body)
        await self._add(request, project.id, given)

    async def add_file(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/document/text`: a file of any kind that is read, as multipart/form-data."""
        self._check(request, project)
        async with self._large_body(request) as body:
            form = parse_form(request.header(b"content-type"), body)
        if len(form.file) > LARGEST:
            raise BodyTooLarge(LARGEST)
        await self._add(request, project.id, file_in(request, form))

    async def get(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/document/{documentID}`"""
        self._check(request, project)
        id = _id(request)
        document = await self._library().find(project.id, id)
        chunks = await self._library().chunks(project.id, id)
        await reply_json(request, {"document": shown_whole(document, chunks)})

    async def update(self, request: Request, project: Project) -> None:
        """`PATCH /v1/stable/document/{documentID}`"""
        self._check(request, project)
        metadata = update_in(await request.body(self._house.body_limit))
        await self._library().describe(project.id, _id(request), metadata)
        await reply_json(request, {"message": "The document has been updated."})

    async def remove(self, request: Request, project: Project) -> None:
        """`DELETE /v1/stable/document/{documentID}`"""
        self._check(request, project)
        await self._library().remove(project.id, _id(request))
        await reply_json(request, {"message": "The document has been deleted."})

    async def refresh(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/document/{documentID}/refresh`: fetches a page again. Not a route of the stable API."""
        self._check(request, project)
        await self._reply(request, await self._library().refresh(project.id, _id(request)), 200)

    async def _add(self, request: Request, project: ProjectID, given: Given) -> None:
        await self._reply(request, await self._library().add(project, given), 201)

    async def _reply(self, request: Request, document: Document, status: int) -> None:
        await reply_json(request, {"document": shown(document)}, status)

    def _check(self, request: Request, project: Project) -> None:
        """The environment must exist, where the request names one."""
        check_environment(request, project)
        self._library()

    def _library(self) -> Library:
        if self._house.library is None:
            raise NotFound("This server keeps no documents.")
        return self._house.library

    @asynccontextmanager
    async def _large_body(self, request: Request) -> AsyncIterator[bytes]:
        """Raises `Busy`, `BodyTooLarge`, and `Refused` where it does not come in time."""
        if self._coming >= AT_ONCE:
            raise Busy("Too many documents are being sent at this moment. Try again.")
        self._coming += 1
        try:
            async with asyncio.timeout(SLOWEST_SECONDS):
                body = await request.body(LARGEST_FORM)
            yield body
        except TimeoutError as error:
            message = f"body: expected to have come whole within {SLOWEST_SECONDS} seconds"
            raise Refused("invalid_input", message, [(b"connection", b"close")]) from error
        finally:
            self._coming -= 1


def _id(request: Request) -> DocumentID:
    return DocumentID(request.params["documentID"])
