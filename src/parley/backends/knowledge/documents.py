"""Documents in SQLite, behind ports/documents.py.

A document's passages go in by slices under an edition that is not valid yet; one small change makes it valid. Nobody
sees a half, and no slice holds up what else is written. Passages of editions that are not valid, or no more,
are found by nobody and deleted with the document's next change.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import apsw
import msgspec

from parley.backends.knowledge.shelves import Shelf, rows
from parley.backends.store.encoding import data_bytes, is_name, name_bytes
from parley.backends.store.sqlite_queries import Queries
from parley.domain.document import Chunk, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.errors import StoreUnavailable
from parley.ports.embeddings import Vectors

SLICE = 64
"""Passages that are written at once."""
QUERIES = Path(__file__).with_name("documents.sql")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Document).decode
Row = tuple[str, bytes | None, bytes | None, str]
"""Content, metadata, vector, and what is searched beside the content."""


class SqliteDocuments:
    """Implements `Documents` on a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._queries = Queries(QUERIES)

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors | None) -> None:
        """See `Documents.put`."""
        shelf, n = await self._place(document)
        edition = random.getrandbits(62) + 1
        packed = [_row(document, chunk, vectors, at) for at, chunk in enumerate(chunks)]
        for start in range(0, len(packed), SLICE):
            part = packed[start : start + SLICE]
            await self._shelf.write(lambda c, at=start, part=part: self._add(c, (n, edition), shelf, at, part))  # type: ignore[misc]
        data = _encode(document)

        def publish(connection: apsw.Connection) -> bool:
            if connection.execute(self._queries.count_chunks, (n, edition)).get != len(packed):
                return False
            connection.execute(self._queries.publish_document, (edition, data, n))
            connection.execute(self._queries.change_shelf, (shelf,))
            return True

        if not await self._shelf.write(publish):
            raise StoreUnavailable("Another process has changed this document meanwhile. Try again.")
        await self._clean(n, edition)

    async def note(self, document: Document) -> None:
        """See `Documents.note`."""
        shelf, n = await self._place(document)
        data = _encode(document)

        def note(connection: apsw.Connection) -> None:
            connection.execute(self._queries.note_document, (data, n))
            connection.execute(self._queries.change_shelf, (shelf,))

        await self._shelf.write(note)

    async def find(self, project: ProjectID, id: DocumentID) -> Document | None:
        """See `Documents.find`."""
        found = await self._find(project, id)
        return None if found is None else found[2]

    async def list(self, project: ProjectID) -> Sequence[Document]:
        """See `Documents.list`."""
        if not is_name(project):
            return []
        sql = self._queries.list_documents
        return await self._shelf.read(lambda c: [_decode(data) for _, _, data in rows(c, sql, project)])

    async def chunks(self, project: ProjectID, id: DocumentID) -> Sequence[tuple[str, Chunk]]:
        """See `Documents.chunks`."""
        if not is_name(project) or not is_name(id):
            return []

        def chunks(connection: apsw.Connection) -> Sequence[tuple[str, Chunk]]:
            valid = rows(connection, self._queries.find_document, project, id)
            found = rows(connection, self._queries.list_chunks, *valid[0][:2]) if valid else []
            return [(chunk_id(id, place), Chunk(content, metadata_of(data))) for place, content, data in found]

        return await self._shelf.read(chunks)

    async def remove(self, project: ProjectID, id: DocumentID) -> bool:
        """See `Documents.remove`."""
        found = await self._find(project, id)
        if found is None:
            return False
        n = found[0]

        def remove(connection: apsw.Connection) -> None:
            connection.execute(self._queries.remove_document, (n,))
            connection.execute(self._queries.change_shelf, rows(connection, self._queries.find_shelf, project)[0][:1])

        await self._shelf.write(remove)
        await self._clean(n, 0)
        return True

    async def _find(self, project: ProjectID, id: DocumentID) -> tuple[int, int, Document] | None:
        if not is_name(project) or not is_name(id):
            return None

        def find(connection: apsw.Connection) -> tuple[int, int, Document] | None:
            found = rows(connection, self._queries.find_document, project, id)
            return (found[0][0], found[0][1], _decode(found[0][2])) if found else None

        return await self._shelf.read(find)

    async def _place(self, document: Document) -> tuple[int, int]:
        """The numbers of the shelf and of the document, which are made if there are none."""
        name_bytes(document.project, "projectID")
        name_bytes(document.id, "documentID")
        data_bytes(document.metadata)
        data = _encode(document)

        def place(connection: apsw.Connection) -> tuple[int, int]:
            connection.execute(self._queries.make_shelf, (document.project,))
            shelf = rows(connection, self._queries.find_shelf, document.project)[0][0]
            connection.execute(self._queries.make_document, (shelf, document.id, data))
            return shelf, rows(connection, self._queries.find_document, document.project, document.id)[0][0]

        return await self._shelf.write(place)

    def _add(
        self, connection: apsw.Connection, edition: tuple[int, int], shelf: int, at: int, part: Sequence[Row]
    ) -> None:
        for place, (content, metadata, vector, heading) in zip(count(at), part, strict=False):
            connection.execute(self._queries.add_chunk, (*edition, place, content, metadata, vector))
            text = (connection.last_insert_rowid(), content, heading, shelf_word(shelf))
            connection.execute(self._queries.add_text, text)

    async def _clean(self, n: int, edition: int) -> None:
        """Delete all passages of a document but those of an edition."""

        def clean(connection: apsw.Connection) -> int:
            stale = connection.execute(self._queries.stale_chunks, (n, edition, 4 * SLICE)).fetchall()
            for row in stale:
                connection.execute(self._queries.drop_text, row)
                connection.execute(self._queries.drop_chunk, row)
            return len(stale)

        while await self._shelf.write(clean):
            pass


def shelf_word(shelf: int) -> str:
    """The word by which a search finds the passages of one project alone."""
    return f"shelf{shelf}shelf"


def chunk_id(document: str, place: int) -> str:
    """The id of a passage."""
    return f"{document}-{place}"


def metadata_of(data: bytes | None) -> dict[str, object]:
    """What is kept of a passage's metadata."""
    found: dict[str, object] = {} if data is None else msgspec.json.decode(data)
    return found


def _row(document: Document, chunk: Chunk, vectors: Vectors | None, at: int) -> Row:
    size = 0 if vectors is None else 4 * vectors.dimensions
    vector = None if vectors is None else vectors.data[at * size : (at + 1) * size]
    headings = chunk.metadata.get("headings")
    heading = " ".join([document.name, *map(str, headings if isinstance(headings, list) else ())])
    metadata = data_bytes(chunk.metadata) if chunk.metadata else None
    return chunk.content.encode("utf-8", "replace").decode(), metadata, vector, heading
