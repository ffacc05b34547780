"""A document that an agent answers from, and the passages that it is cut into. Knows no file format.

Source: Conversations API, section 9 (stable document routes).
"""

from __future__ import annotations

from typing import Any, Literal, NewType

from msgspec import Struct

from parley.domain.ids import ProjectID

DocumentID = NewType("DocumentID", str)
Kind = Literal["text", "md", "html", "url", "pdf", "docx", "csv", "table"]
Refresh = Literal["daily", "weekly", "monthly", "never"]
Status = Literal["PENDING", "SUCCESS", "ERROR"]
Origin = Literal["added", "agent"]
"""Added by someone, or named by the agent's own files: those come and go with the files."""

REFRESH_MS: dict[Refresh, int | None] = {
    "daily": 86_400_000,
    "weekly": 7 * 86_400_000,
    "monthly": 30 * 86_400_000,
    "never": None,
}
EXTENSIONS: dict[str, Kind] = {
    ".txt": "text",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "csv",
    ".tsv": "csv",
}
LARGEST = 20 * 1024 * 1024
"""Bytes of a document."""
CHUNK_SIZE = 1000
"""Characters that a passage is to have."""


class Chunk(Struct, frozen=True):
    """One passage. `metadata` tells where it is (`headings`, `page`, `row`) and what its record says of itself."""

    content: str
    metadata: dict[str, Any] = {}


class Document(Struct, frozen=True):
    """What is known of a document. Times are milliseconds since 1970.

    `digest` names the bytes that its passages were made of, and how they were cut; `problem` says why there are none.
    `embedder` made the vectors of its passages, empty: there are none. `checked_at` is when a page was last fetched.
    """

    id: DocumentID
    project: ProjectID
    name: str
    kind: Kind
    created_at: int
    updated_at: int
    url: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    refresh: Refresh = "never"
    origin: Origin = "added"
    status: Status = "PENDING"
    problem: str = ""
    digest: str = ""
    embedder: str = ""
    chunk_size: int = CHUNK_SIZE
    chunks: int = 0
    checked_at: int = 0

    @property
    def source(self) -> dict[str, Any]:
        """What is shown of it beside a passage: `type`, `name`, and `url` where it has one.

        The routes know no type for a page that was sent as a file: it is a text there.
        """
        shown: dict[str, Any] = {"type": "text" if self.kind == "html" else self.kind, "name": self.name}
        if self.kind in ("csv", "table"):
            shown["rowsCount"] = self.chunks
        if self.url is not None:
            shown["url"] = self.url
        if self.tags:
            shown["tags"] = list(self.tags)
        return shown

    @property
    def facts(self) -> dict[str, Any]:
        """What filters see of it: its metadata, and its tags where it says nothing else under that name."""
        return {"tags": list(self.tags), **self.metadata}

    def is_due(self, now_ms: int) -> bool:
        """It is a page that should be fetched again."""
        every = REFRESH_MS[self.refresh]
        return self.kind == "url" and every is not None and self.checked_at + every <= now_ms
