"""How long searches take, and how quickly documents go in: `python -m bench.knowledge`.

A project of 20,000 passages of made-up text in a SQLite file; questions are made of words that are in them. What is
printed are medians over a few hundred searches, one at a time, in one process.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from parley.app import document_reader
from parley.backends.clock import SystemClock
from parley.backends.embeddings import minilm
from parley.backends.embeddings.hashed import Hashed
from parley.backends.knowledge.documents import SqliteDocuments
from parley.backends.knowledge.hybrid import Hybrid
from parley.backends.knowledge.meaning import Meanings
from parley.backends.knowledge.shelves import FileShelf
from parley.backends.store.sqlite import SqliteStore
from parley.domain.document import Chunk, Document, DocumentID, Kind
from parley.domain.ids import ProjectID
from parley.domain.narrowing import EVERYTHING, Narrowing
from parley.ports.embeddings import Embedder

CHUNKS, EACH, SEARCHES = 20_000, 200, 300
PROJECT = ProjectID("bench")
CHANCE = random.Random(1)
WORDS = ["".join(CHANCE.choices("abcdefghijklmnoprstuvw", k=CHANCE.randint(4, 9))) for _ in range(20_000)]
WEIGHTS = [1 / (n + 10) for n in range(len(WORDS))]


def text(words: int) -> str:
    """Words as frequent as those of a language."""
    return " ".join(CHANCE.choices(WORDS, WEIGHTS, k=words))


async def fill(documents: SqliteDocuments, meanings: Meanings) -> float:
    """All passages; seconds."""
    began = time.perf_counter()
    for n in range(CHUNKS // EACH):
        chunks = [Chunk(text(120), {"page": at, "even": at % 2 == 0}) for at in range(EACH)]
        id = DocumentID(f"{n:024x}")
        document = Document(id, PROJECT, f"Document {n}", "pdf", n, n, status="SUCCESS", embedder=meanings.name)
        await documents.put(document, chunks, await meanings.of(chunks))
    return time.perf_counter() - began


async def measure(knowledge: Hybrid, words: int, narrowing: Narrowing = EVERYTHING) -> str:
    """Median and 99th percentile, in milliseconds."""
    taken = []
    for _ in range(SEARCHES):
        question = text(words)
        began = time.perf_counter()
        await knowledge.search(PROJECT, question, 5, narrowing)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return f"p50 {statistics.median(taken):6.2f} ms   p99 {taken[int(len(taken) * 0.99)]:6.2f} ms"


async def searching() -> None:
    """Search by words alone and by both."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "data.db", clock=SystemClock())
        await store.open()
        shelf = FileShelf(store.database)
        seconds = await fill(SqliteDocuments(shelf), Meanings(Hashed()))
        print(f"{CHUNKS} passages kept with vectors (hashed): {CHUNKS / seconds:.0f} a second")
        kinds: list[tuple[str, Embedder | None]] = [("words", None), ("words and vectors", Hashed())]
        for name, embedder in kinds:
            knowledge = Hybrid(shelf, embedder)
            began = time.perf_counter()
            await knowledge.search(PROJECT, "first", 5)
            print(f"{name}: first search {(time.perf_counter() - began) * 1000:.0f} ms")
            print(f"{name}, 6 words:    {await measure(knowledge, 6)}")
            print(f"{name}, 30 words:   {await measure(knowledge, 30)}")
            even = Narrowing({"even": True, "page": {"$lt": 20}})
            print(f"{name}, filtered:   {await measure(knowledge, 6, even)}")
        await shelf.close()
        await store.close()


async def reading() -> None:
    """Read documents of many pages."""
    from tests.fixtures import documents as made

    pages = [text(90) for _ in range(400)]
    reader = document_reader()
    cases: list[tuple[str, Kind, bytes]] = [
        ("PDF", "pdf", made.pdf(*pages)),
        ("DOCX", "docx", made.docx(*pages)),
        ("Markdown", "md", "\n\n".join(f"# {page[:20]}\n\n{page}" for page in pages).encode()),
        ("HTML", "html", "".join(f"<h1>{page[:20]}</h1><p>{page}</p>" for page in pages).encode()),
    ]
    for name, kind, data in cases:
        began = time.perf_counter()
        chunks = await reader.read(kind, data, 1000)
        seconds = time.perf_counter() - began
        print(
            f"{name}: {len(pages) / seconds:.0f} pages of 90 words a second ({len(chunks)} passages, {seconds:.2f} s)"
        )
    began = time.perf_counter()
    await reader.read("md", b"# One page", 1000)
    print(f"the smallest document: {(time.perf_counter() - began) * 1000:.0f} ms")


async def embedding() -> None:
    """Make vectors of passages with the model that is installed."""
    from concurrent.futures import ThreadPoolExecutor

    if not minilm.is_installed():
        return
    with ThreadPoolExecutor(1) as executor:
        meanings = Meanings(minilm.MiniLm(executor))
        chunks = [Chunk(text(120)) for _ in range(20)]
        await meanings.of(chunks[:1])
        began = time.perf_counter()
        await meanings.of(chunks[1:])
        print(f"MiniLM: {(len(chunks) - 1) / (time.perf_counter() - began):.1f} passages of 1,000 characters a second")


async def main() -> None:
    """All of it."""
    await reading()
    await searching()
    await embedding()


if __name__ == "__main__":
    asyncio.run(main())
