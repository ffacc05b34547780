"""The documents of projects, and their passages.

Atomicity: a document changes whole; whoever reads or searches sees the passages of before or those of after, never both
and never a part, also after a crash. Durability: as the store's. Size: thousands of passages go in without holding up
what else is written. Beside: other processes may put documents into the same store; all see them from then on.
Errors: `StoreUnavailable`; `InvalidInput` for names that cannot be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parley.domain.document import Chunk, Document, DocumentID
from parley.domain.ids import ProjectID
from parley.ports.embeddings import Vectors


class Documents(Protocol):
    """Documents by project and id."""

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors | None) -> None:
        """Add or replace a document with all its passages. `vectors`, where there are some, has one a passage."""
        ...

    async def note(self, document: Document) -> None:
        """Add a document that has no passages yet, or change what is known of one; its passages stay."""
        ...

    async def find(self, project: ProjectID, id: DocumentID) -> Document | None:
        """One document, None if there is none."""
        ...

    async def list(self, project: ProjectID) -> Sequence[Document]:
        """All documents of a project, oldest first."""
        ...

    async def chunks(self, project: ProjectID, id: DocumentID) -> Sequence[tuple[str, Chunk]]:
        """The passages of a document with their ids, in its order."""
        ...

    async def remove(self, project: ProjectID, id: DocumentID) -> bool:
        """Delete a document and its passages; False when there is none."""
        ...
