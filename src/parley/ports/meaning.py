"""The vectors of passages, which searches compare with that of a question.

Purity: as `ports/embeddings.py`. Time: milliseconds a passage, beside the event loop; nobody else waits for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parley.domain.document import Chunk
from parley.ports.embeddings import Vectors


class Meaning(Protocol):
    """Makes vectors of passages."""

    @property
    def name(self) -> str:
        """What makes them; empty: nothing does."""
        ...

    async def of(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """One vector a passage; None where nothing makes any."""
        ...
