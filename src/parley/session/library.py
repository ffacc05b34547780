"""The documents of projects: taken in, kept up to date, and let go. Knows no format, no place and no search.

A document is noted first, and read beside whatever else goes on: who adds one waits a little, and is told how far it
has come. What cannot be read stays as a document with a problem; the passages that it had before stay with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.document import CHUNK_SIZE, Chunk, Document, DocumentID, Kind, Origin, Refresh
from parley.domain.ids import ProjectID, new_id
from parley.errors import Busy, NotFound, ParleyError
from parley.ports.clock import Clock
from parley.ports.documents import Documents
from parley.ports.meaning import Meaning
from parley.ports.reading import DocumentReader, Unreadable
from parley.ports.tools import Tools
from parley.session.fetched import check_url, fetch

log = structlog.get_logger()

PATIENCE_SECONDS = 5.0
"""How long whoever adds a document waits for it to be read."""
MOST_WAITING = 64
"""Documents that are waiting to be read, or being read."""
ROUND_SECONDS = 60.0
STOPPED = "The server stopped while it was reading this document. Add it again."

Hosts = Callable[[ProjectID], frozenset[str]]
"""The hosts of the operator's own network that a project may call."""


class Given(Struct, frozen=True):
    """What becomes a document. `data` None: it is fetched from `url`. `id` None: a new one, or the one like it."""

    name: str
    kind: Kind
    data: bytes | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    refresh: Refresh = "never"
    chunk_size: int = CHUNK_SIZE
    origin: Origin = "added"
    id: DocumentID | None = None
    overwrite: bool = False
    """Take the place of the document of this name."""


class Library:
    """Documents by project."""

    def __init__(
        self, documents: Documents, reader: DocumentReader, meaning: Meaning, tools: Tools, clock: Clock, hosts: Hosts
    ) -> None:
        self._documents = documents
        self._reader = reader
        self._meaning = meaning
        self._tools = tools
        self._clock = clock
        self._hosts = hosts
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reading: set[asyncio.Task[None]] = set()

    async def add(self, project: ProjectID, given: Given, patience: float = PATIENCE_SECONDS) -> Document:
        """Take a document in; it is as far as it has come after `patience` seconds.

        The same bytes under whatever name are one document, which gets the new metadata. Raises `Busy`, `InvalidInput`.
        """
        if len(self._reading) >= MOST_WAITING:
            raise Busy("Too many documents are being read at this moment. Try again.")
        if given.kind == "url":
            check_url(given.url or "")
        now = self._clock.now_ms()
        digest = "" if given.data is None else digest_of(given.kind, given.data, given.chunk_size)
        before = await self._before(project, given, digest)
        document = Document(
            *(given.id or DocumentID(new_id(now)), project, given.name, given.kind, now, now),
            url=given.url,
            tags=given.tags,
            metadata=given.metadata,
            refresh=given.refresh,
            origin=given.origin,
            chunk_size=given.chunk_size,
        )
        if before is not None:
            document = replace(before, **_described(document))
            if digest and before.digest == digest and before.status == "SUCCESS":
                if document != before:
                    await self._documents.note(document)
                return document
        await self._documents.note(replace(document, status="PENDING", problem=""))
        await self._start(document, given.data, patience)
        return await self.find(project, document.id)

    async def refresh(self, project: ProjectID, id: DocumentID, patience: float = PATIENCE_SECONDS) -> Document:
        """Fetch a page again. Raises `NotFound`."""
        document = await self.find(project, id)
        if document.kind != "url":
            raise NotFound("Only pages can be fetched again; add the file once more to change what it says.")
        await self._start(document, None, patience)
        return await self.find(project, id)

    async def find(self, project: ProjectID, id: DocumentID) -> Document:
        """One document. Raises `NotFound`."""
        document = await self._documents.find(project, id)
        if document is None:
            raise NotFound("There is no such document.")
        return document

    async def list(self, project: ProjectID) -> Sequence[Document]:
        """All documents, oldest first."""
        return await self._documents.list(project)

    async def chunks(self, project: ProjectID, id: DocumentID) -> Sequence[tuple[str, Chunk]]:
        """The passages of a document with their ids."""
        return await self._documents.chunks(project, id)

    async def describe(self, project: ProjectID, id: DocumentID, metadata: dict[str, Any]) -> None:
        """Give a document other metadata. Raises `NotFound`."""
        async with self._lock(id):
            await self._documents.note(replace(await self.find(project, id), metadata=metadata))

    async def remove(self, project: ProjectID, id: DocumentID) -> None:
        """Let a document go. Raises `NotFound`."""
        if not await self._documents.remove(project, id):
            raise NotFound("There is no such document.")

    async def mend(self, project: ProjectID) -> None:
        """What a process before this one left: documents half read, and vectors of another embedder."""
        for document in await self._documents.list(project):
            if document.status == "PENDING" and document.kind != "url":
                await self._documents.note(replace(document, status="ERROR", problem=STOPPED))
            elif document.status == "PENDING":
                await self._start(document, None, 0)
            elif self._meaning.name not in ("", document.embedder) and document.chunks:
                self._begin(self._embed(document))

    async def keep(self, projects: Sequence[ProjectID]) -> None:
        """Fetch pages again when they are due, until cancelled."""
        while True:
            await self._clock.sleep(ROUND_SECONDS)
            for project in projects:
                with suppress(ParleyError):  # the store cannot be read now: the next round will tell
                    for document in await self._documents.list(project):
                        if document.is_due(self._clock.now_ms()) and len(self._reading) < MOST_WAITING:
                            await self._start(document, None, 0)

    async def settled(self) -> None:
        """Wait until nothing is being read."""
        while self._reading:
            await asyncio.gather(*self._reading)

    async def close(self) -> None:
        """Leave the rest unread: the process is shutting down."""
        reading = tuple(self._reading)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    async def _before(self, project: ProjectID, given: Given, digest: str) -> Document | None:
        """The document whose place it takes."""
        if given.id is not None:
            return await self._documents.find(project, given.id)
        added = [each for each in await self._documents.list(project) if each.origin == "added"]
        if given.overwrite:
            same = next((each for each in added if each.name == given.name), None)
            if same is not None:
                return same
        return next((each for each in added if digest and each.digest == digest), None)

    async def _start(self, document: Document, data: bytes | None, patience: float) -> None:
        task = self._begin(self._take_in(document.project, document.id, data))
        if patience > 0:
            await asyncio.wait({task}, timeout=patience)

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._reading.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._reading.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a document could not be kept", error=type(task.exception()).__name__)

    async def _take_in(self, project: ProjectID, id: DocumentID, data: bytes | None) -> None:
        """Fetch it where it must be fetched, read it, and put it in its place."""
        async with self._lock(id):
            document = await self._documents.find(project, id)
            if document is None:
                return
            try:
                taken = await self._read(document, data)
            except Unreadable as unreadable:
                log.info("a document cannot be read", project=project, document=id, kind=document.kind)
                taken = replace(document, status="ERROR", problem=unreadable.message)
            # Whoever removed it or described it anew meanwhile has the last word.
            latest = await self._documents.find(project, id)
            if latest is not None and taken is not None:
                await self._documents.note(replace(taken, checked_at=self._clock.now_ms(), **_described(latest)))

    async def _read(self, document: Document, data: bytes | None) -> Document | None:
        """The document as it is known afterwards; None: it has been put already. Raises `Unreadable`."""
        kind = document.kind
        if data is None:
            page = await fetch(self._tools, document.url or "", self._hosts(document.project))
            kind, data = page.kind, page.data
        digest = digest_of(document.kind, data, document.chunk_size)
        if digest == document.digest and document.chunks:
            return replace(document, status="SUCCESS", problem="")
        chunks = await self._reader.read(kind, data, document.chunk_size)
        now = self._clock.now_ms()
        read = replace(document, status="SUCCESS", problem="", digest=digest, updated_at=now, checked_at=now)
        await self._put(read, chunks)
        return None

    async def _put(self, document: Document, chunks: Sequence[Chunk]) -> None:
        vectors = await self._meaning.of(chunks)
        name = "" if vectors is None else self._meaning.name
        latest = await self._documents.find(document.project, document.id)
        if latest is not None:
            put = replace(document, embedder=name, chunks=len(chunks), **_described(latest))
            await self._documents.put(put, chunks, vectors)

    async def _embed(self, document: Document) -> None:
        async with self._lock(document.id):
            chunks = [chunk for _, chunk in await self._documents.chunks(document.project, document.id)]
            await self._put(document, chunks)

    def _lock(self, id: str) -> asyncio.Lock:
        """One at a time reads or changes a document."""
        return self._locks.setdefault(id, asyncio.Lock())


def digest_of(kind: Kind, data: bytes, chunk_size: int) -> str:
    """What names the passages of these bytes."""
    return hashlib.sha256(f"{kind} {chunk_size}\n".encode() + data).hexdigest()


def _described(document: Document) -> dict[str, Any]:
    """What people say of a document, apart from what is read in it."""
    names = ("name", "url", "tags", "metadata", "refresh", "origin")
    return {name: getattr(document, name) for name in names}
