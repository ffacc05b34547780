"""Search by words and by meaning at once, behind ports/knowledge.py.

Two lists, the best by BM25 and the nearest by vectors, become one by reciprocal rank fusion: what is high in both is
best. A score is the part that a passage has of what the first of both lists would have, so 1 is the first of each.
Without numpy, or without an embedder, words alone decide.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from importlib.util import find_spec

import apsw

from parley.backends.knowledge.documents import QUERIES, chunk_id, shelf_word
from parley.backends.knowledge.holdings import Holding, Holdings, holding_of
from parley.backends.knowledge.shelves import Shelf, rows
from parley.backends.knowledge.words import keywords, match_of
from parley.backends.store.encoding import is_name
from parley.backends.store.sqlite_queries import Queries
from parley.domain.ids import ProjectID
from parley.domain.narrowing import EVERYTHING, Narrowing
from parley.ports.embeddings import Embedder
from parley.ports.knowledge import Passage

LONGEST_QUESTION = 2_000
CANDIDATES = 60
"""Of each list."""
FUSED = 60
"""How much less the first places are ahead of the later ones; the usual figure of reciprocal rank fusion."""
NEAR = 0.6
"""The part of the embedder's `alike` that a passage must have to be found by meaning alone."""
MOST_HELD = 512 * 1024 * 1024
"""Bytes of what is held in memory, of all projects together."""


class Hybrid:
    """Implements `KnowledgeBase` on a shelf."""

    def __init__(self, shelf: Shelf, embedder: Embedder | None = None) -> None:
        self._shelf = shelf
        self._embedder = embedder if find_spec("numpy") is not None else None
        self._queries = Queries(QUERIES)
        self._held: OrderedDict[str, Holdings] = OrderedDict()

    async def search(
        self, project: ProjectID, question: str, limit: int, narrowing: Narrowing = EVERYTHING
    ) -> Sequence[Passage]:
        """See `KnowledgeBase.search`."""
        asked = question.encode("utf-8", "replace").decode()[:LONGEST_QUESTION]
        words = keywords(asked)
        if not words or limit < 1 or not is_name(project):
            return []
        vector = None if self._embedder is None else (await self._embedder.embed([asked])).data
        return await self._shelf.read(lambda c: self._find(c, project, words, vector, limit, narrowing))

    def _find(
        self,
        connection: apsw.Connection,
        project: str,
        words: list[str],
        vector: bytes | None,
        limit: int,
        narrowing: Narrowing,
    ) -> list[Passage]:
        shelf = rows(connection, self._queries.find_shelf, project)
        if not shelf:
            return []
        held = self._holdings(connection, project, shelf[0][1])
        wanted = held.wanted(narrowing)
        if not wanted:
            return []
        ranked = [self._matched(connection, match_of(words, shelf_word(shelf[0][0])), wanted)]
        if vector is not None and self._embedder is not None:
            ranked.append(held.nearest(vector, NEAR * self._embedder.alike, CANDIDATES, wanted))
        return self._passages(connection, held, fused(ranked), limit)

    def _matched(self, connection: apsw.Connection, expression: str, wanted: Collection[int]) -> list[int]:
        def is_wanted(*row: object) -> bool:
            return row[0] in wanted

        connection.create_scalar_function("is_wanted", is_wanted, 1)
        return [n for (n,) in rows(connection, self._queries.match, expression, CANDIDATES)]

    def _passages(
        self, connection: apsw.Connection, held: Holdings, found: list[tuple[int, float]], limit: int
    ) -> list[Passage]:
        """The best that differ: what two documents say in the same words is shown once."""
        passages: dict[str, Passage] = {}
        for n, score in found:
            if len(passages) == limit:
                break
            content: str = rows(connection, self._queries.content, n)[0][0]
            document, place, metadata = held.of(n)
            if content not in passages:
                id = chunk_id(document.id, place)
                passages[content] = Passage(content, score, document.id, document.source, id, metadata)
        return list(passages.values())

    def _holdings(self, connection: apsw.Connection, project: str, revision: int) -> Holdings:
        """What is held of a project; only documents that have changed are read anew."""
        before = self._held.get(project)
        if before is None or before.revision != revision:
            known = {} if before is None else before.held
            held: dict[int, Holding] = {}
            for n, edition, data in rows(connection, self._queries.list_documents, project):
                held[n] = self._holding(connection, n, edition, data, known.get(n))
            before = self._held[project] = Holdings(revision, held)
            while len(self._held) > 1 and sum(each.size for each in self._held.values()) > MOST_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(project)
        return before

    def _holding(
        self, connection: apsw.Connection, n: int, edition: int, data: bytes, known: Holding | None
    ) -> Holding:
        name = "" if self._embedder is None else self._embedder.name
        if known is not None and known.edition == edition:
            fresh = holding_of(edition, data, [], name)
            if fresh.document.embedder == known.document.embedder:
                return Holding(edition, fresh.document, known.chunks, known.metadata, known.vectors)
        return holding_of(edition, data, rows(connection, self._queries.chunk_facts, n, edition), name)


def fused(ranked: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """One list of several, best first, with scores from 0 to 1."""
    scores: dict[int, float] = {}
    for list_ in ranked:
        for rank, n in enumerate(list_, 1):
            scores[n] = scores.get(n, 0.0) + (FUSED + 1) / (FUSED + rank) / len(ranked)
    return sorted(((n, round(score, 6)) for n, score in scores.items()), key=lambda each: -each[1])
