"""A house whose projects have a knowledge base, and real readers for its documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.house_fixture import Opened, open_house

from parley.backends.clock import SystemClock
from parley.backends.embeddings.hashed import Hashed
from parley.backends.knowledge.documents import SqliteDocuments
from parley.backends.knowledge.hybrid import Hybrid
from parley.backends.knowledge.meaning import Meanings
from parley.backends.knowledge.readers import Readers
from parley.backends.knowledge.shelves import FileShelf, MemoryShelf
from parley.backends.store.sqlite import SqliteStore
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.project import Project
from parley.ports.clock import Clock
from parley.ports.llm import LanguageModel
from parley.session.consulting import Consulting
from parley.session.library import Library
from parley.session.stocking import hosts_of
from parley.transports.http.app import http_app


@asynccontextmanager
async def open_knowledge_house(
    *projects: Project,
    tools: Any = None,
    model: LanguageModel | None = None,
    clock: Clock | None = None,
    data: Path | None = None,
    readers: Readers | None = None,
) -> AsyncIterator[Opened]:
    """Like `open_house`, with documents in memory, or in a file."""
    clock = clock or SystemClock()
    store = None if data is None else SqliteStore(data, clock=clock)
    if store is not None:
        await store.open()
    opened = await open_house(*projects, clock=clock, store=store)
    shelf = MemoryShelf() if store is None else FileShelf(store.database)
    embedder = Hashed()
    library = Library(
        *(SqliteDocuments(shelf), readers or Readers(seconds=20), Meanings(embedder)),
        *(tools or ScriptedTools(), clock, hosts_of(list(opened.house.catalog.projects()))),
    )
    knowledge = Hybrid(shelf, embedder)
    house = replace(opened.house, library=library, consulting=Consulting(knowledge, model))
    try:
        yield Opened(house, opened.store, clock, http_app(house))
    finally:
        await library.close()
        await shelf.close()
        if store is not None:
            await store.close()


def names(documents: Sequence[dict[str, Any]]) -> list[str]:
    """What the documents are called."""
    return [document["data"]["name"] for document in documents]
