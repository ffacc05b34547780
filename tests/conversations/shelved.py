"""The knowledge base of a conversation test: the real one, in memory, of documents that are written in the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parley.backends.embeddings.hashed import Hashed
from parley.backends.knowledge.documents import SqliteDocuments
from parley.backends.knowledge.hybrid import Hybrid
from parley.backends.knowledge.meaning import Meanings
from parley.backends.knowledge.shelves import MemoryShelf
from parley.domain.document import Chunk, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.ports.knowledge import Passage

PROJECT = ProjectID("test")


class Shelved:
    """Documents, each a text, or a mapping of `text`, `name`, `url` and `tags`. Their ids are `doc-0`, `doc-1`, ..."""

    def __init__(self, documents: list[str | dict[str, Any]]) -> None:
        self._written = documents
        self._shelf = MemoryShelf()
        self._meanings = Meanings(Hashed())
        self._knowledge = Hybrid(self._shelf, Hashed())

    async def search(self, project: ProjectID, question: str, limit: int, *more: Any) -> Sequence[Passage]:
        """See `KnowledgeBase.search`."""
        while self._written:
            await self._put(self._written)
            self._written = []
        return await self._knowledge.search(project, question, limit, *more)

    async def close(self) -> None:
        """Let go of them."""
        await self._shelf.close()

    async def _put(self, written: list[str | dict[str, Any]]) -> None:
        documents = SqliteDocuments(self._shelf)
        for n, each in enumerate(written):
            given = {"text": each} if isinstance(each, str) else each
            chunks = [Chunk(given["text"])]
            document = Document(
                *(DocumentID(f"doc-{n}"), PROJECT, given.get("name", f"Document {n}"), "text", n, n),
                url=given.get("url"),
                tags=tuple(given.get("tags", ())),
                status="SUCCESS",
                embedder=self._meanings.name,
                chunks=1,
            )
            await documents.put(document, chunks, await self._meanings.of(chunks))
