"""The vectors of passages: each is the mean of the vectors of its parts, which are as long as embedders read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec

from parley.domain.document import Chunk
from parley.ports.embeddings import Embedder, Vectors

WINDOW = 480
"""Characters of a part."""
MOST_WINDOWS = 12
AT_ONCE = 4
"""Parts that are embedded before others may have the embedder: a turn waits for it too."""


class Meanings:
    """Makes vectors of passages, where there is an embedder and numpy."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder if find_spec("numpy") is not None else None

    @property
    def name(self) -> str:
        """What made the vectors; empty: nothing makes any."""
        return "" if self._embedder is None else self._embedder.name

    async def of(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """One vector a passage."""
        if self._embedder is None or not chunks:
            return None
        import numpy as np

        windows = [_windows(chunk) for chunk in chunks]
        texts = [text for each in windows for text in each]
        parts = bytearray()
        dimensions = 1
        for start in range(0, len(texts), AT_ONCE):
            vectors = await self._embedder.embed(texts[start : start + AT_ONCE])
            dimensions = vectors.dimensions
            parts += vectors.data
            await asyncio.sleep(0)
        rows = np.frombuffer(bytes(parts), "<f4").reshape(-1, dimensions)
        starts = np.cumsum([0, *(len(each) for each in windows[:-1])])
        means = np.add.reduceat(rows, starts, axis=0)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return Vectors(dimensions, (means / np.maximum(lengths, 1e-9)).astype("<f4").tobytes())


def _windows(chunk: Chunk) -> list[str]:
    headings = chunk.metadata.get("headings")
    title = f"{headings[-1]}\n" if isinstance(headings, list) and headings else ""
    text = chunk.content if chunk.content.startswith(title.strip()) else title + chunk.content
    return [text[at : at + WINDOW] for at in range(0, len(text), WINDOW)][:MOST_WINDOWS] or [""]
