"""How an agent uses its documents, and where they come from."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.document import Refresh


class KnowledgeSettings(Struct, frozen=True, omit_defaults=True):
    """`limit`: passages that go along with a prompt. `rewrite`: a model puts the conversation into a question before it
    is searched for. `sources`: so many addresses of passages go along with an answer made of them.
    """

    limit: int = 3
    rewrite: bool = False
    sources: int = 0


class DocumentSource(Struct, frozen=True):
    """A document that an agent's files name: exactly one of `path` (of a file) and `url`."""

    name: str
    path: str | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    refresh: Refresh = "never"
