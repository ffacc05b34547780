"""What a search needs of a project's passages, held in memory: whose they are, their metadata and their vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from parley.backends.knowledge.documents import metadata_of
from parley.domain.document import Document
from parley.domain.narrowing import Narrowing, passes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

KEPT = 32
"""Narrowings whose passages are remembered: an agent asks with the same few again and again."""

_decode = msgspec.json.Decoder(Document).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class Holding(Struct, frozen=True, eq=False):
    """One document's passages. `vectors` is empty where they have none of the embedder in use."""

    edition: int
    document: Document
    chunks: tuple[int, ...]
    metadata: tuple[bytes | None, ...]
    vectors: bytes

    def wanted(self, narrowing: Narrowing) -> Iterator[int]:
        """Its passages that a narrowing leaves in."""
        if narrowing.tags is not None and not narrowing.tags.fit(frozenset(self.document.tags)):
            return
        facts = self.document.facts
        plain = passes(narrowing.filters, facts)
        for n, data in zip(self.chunks, self.metadata, strict=True):
            if plain if data is None else passes(narrowing.filters, facts | metadata_of(data)):
                yield n


class Holdings:
    """All of one project, as of one revision."""

    def __init__(self, revision: int, held: dict[int, Holding]) -> None:
        self.revision = revision
        self.held = held
        self._owner = {n: (holding, at) for holding in held.values() for at, n in enumerate(holding.chunks)}
        self._narrowed: dict[bytes, set[int]] = {}
        self._matrix: Matrix | None = None
        self._rows: NDArray[np.int64] | None = None
        if any(holding.vectors for holding in held.values()):
            self._stack()

    def __len__(self) -> int:
        return len(self._owner)

    def __contains__(self, n: int) -> bool:
        return n in self._owner

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return len(self._owner) * 400 + (0 if self._matrix is None else 2 * self._matrix.nbytes)

    def of(self, n: int) -> tuple[Document, int, dict[str, Any]]:
        """Whose a passage is, which of its passages, and all that is known of it."""
        holding, at = self._owner[n]
        return holding.document, at, holding.document.facts | metadata_of(holding.metadata[at])

    def wanted(self, narrowing: Narrowing) -> Collection[int]:
        """The passages that a narrowing leaves in."""
        if narrowing.is_empty:
            return self._owner.keys()
        key = _encode(narrowing)
        if key not in self._narrowed:
            if len(self._narrowed) >= KEPT:
                self._narrowed.clear()
            self._narrowed[key] = {n for holding in self.held.values() for n in holding.wanted(narrowing)}
        return self._narrowed[key]

    def nearest(self, vector: bytes, least: float, at_most: int, wanted: Collection[int]) -> list[int]:
        """The passages whose vectors are nearest, best first, if they are at least so near."""
        if self._matrix is None or self._rows is None:
            return []
        import numpy as np

        row = np.frombuffer(vector, "<f4")
        if len(row) != self._matrix.shape[1]:
            return []
        near = self._matrix @ row
        if len(wanted) < len(self._owner):
            near[~np.isin(self._rows, np.fromiter(wanted, np.int64, len(wanted)))] = -1.0
        top = np.argpartition(-near, min(at_most, len(near)) - 1)[:at_most]
        best = top[np.argsort(-near[top], kind="stable")]
        return [int(self._rows[at]) for at in best if near[at] >= least]

    def _stack(self) -> None:
        import numpy as np

        kept = [holding for holding in self.held.values() if holding.vectors]
        width = len(kept[0].vectors) // len(kept[0].chunks)
        kept = [holding for holding in kept if len(holding.vectors) == width * len(holding.chunks)]
        self._matrix = np.frombuffer(b"".join(holding.vectors for holding in kept), "<f4").reshape(-1, width // 4)
        self._rows = np.array([n for holding in kept for n in holding.chunks], np.int64)


def holding_of(edition: int, data: bytes, rows: list[tuple[Any, ...]], embedder: str) -> Holding:
    """What is held of a document, from what is stored of it."""
    document = _decode(data)
    vectors = b"".join(row[2] or b"" for row in rows) if embedder and document.embedder == embedder else b""
    return Holding(edition, document, tuple(row[0] for row in rows), tuple(row[1] for row in rows), vectors)
