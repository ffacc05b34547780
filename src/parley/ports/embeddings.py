"""Texts as vectors, so that those which mean alike lie near each other.

Purity: the same text has the same vector, whatever else is embedded with it; so vectors may be kept as long as the
`name` of what made them. Time: the work is done beside the event loop; a caller that is cancelled waits no longer.
Order: answers come in the order of the texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Vectors(Struct, frozen=True):
    """One vector a text, as 32-bit floats, little-endian, row after row; each of length 1."""

    dimensions: int
    data: bytes

    def __len__(self) -> int:
        return len(self.data) // (4 * self.dimensions)


class Embedder(Protocol):
    """Makes vectors, and compares texts with them."""

    @property
    def name(self) -> str:
        """What made a vector: another name means that vectors cannot be compared."""
        ...

    @property
    def alike(self) -> float:
        """The likeness, from 0 to 1, from which two texts mostly mean the same."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of these texts. May take milliseconds a text; vectors made before are kept."""
        ...

    async def compare(self, text: str, vectors: Vectors) -> Sequence[float]:
        """How like the text is to each, from -1 to 1."""
        ...
