"""Words and their parts, hashed into a vector: the embedder that needs nothing, behind ports/embeddings.py.

It sees that texts share words, parts of words and their order; not that different words mean the same.
"""

from __future__ import annotations

import array
import math
import sys
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

from parley.ports.embeddings import Vectors

_DIMENSIONS = 512
_LONGEST = 500
_COMMON = frozenset(
    [
        *("a", "an", "and", "are", "at", "be", "can", "could", "do", "for", "have", "i", "id", "im", "in", "is", "it"),
        *("like", "me", "my", "of", "on", "or", "please", "that", "the", "this", "to", "want", "with", "would", "you"),
        "your",
    ]
)
"""Words that say little: they count for a fifth."""


class Hashed:
    """Character trigrams, words, and pairs of words. Quick enough for the event loop: 30 µs a text."""

    name = "hashed-1"
    alike = 0.55

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        rows = array.array("f")
        for text in texts:
            row = [0.0] * _DIMENSIONS
            for place, value in _vector(text).items():
                row[place] = value
            rows.extend(row)
        if sys.byteorder == "big":
            rows.byteswap()
        return Vectors(_DIMENSIONS, rows.tobytes())

    async def compare(self, text: str, vectors: Vectors) -> Sequence[float]:
        """See `Embedder.compare`."""
        rows = array.array("f")
        rows.frombytes(vectors.data)
        if sys.byteorder == "big":
            rows.byteswap()
        said = list(_vector(text).items())
        return [sum(value * rows[start + place] for place, value in said) for start in range(0, len(rows), _DIMENSIONS)]


def _vector(text: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for feature, weight in _features(text):
        hashed = zlib.crc32(feature.encode())
        place = hashed % _DIMENSIONS
        found[place] = found.get(place, 0.0) + (weight if hashed & 0x80000000 else -weight)
    length = math.sqrt(sum(value * value for value in found.values()))
    return {place: value / length for place, value in found.items()} if length else {}


def _features(text: str) -> Iterator[tuple[str, float]]:
    words = _words(text)
    for word in words:
        weight = 0.2 if word in _COMMON else 1.0
        yield word, weight
        edged = f"^{word}$"
        parts = [edged[i : i + 3] for i in range(len(edged) - 2)]
        for part in parts:
            yield f"3{part}", weight / math.sqrt(len(parts))
    for first, second in pairwise(words):
        yield f"{first} {second}", 0.15 if first in _COMMON or second in _COMMON else 0.5


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text[:_LONGEST].casefold())
    kept = "".join(c if c.isalnum() else "" if c in "'’" or unicodedata.combining(c) else " " for c in plain)
    return kept.split()
