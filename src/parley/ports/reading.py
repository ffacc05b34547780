"""Reads documents: bytes of some format become passages.

Isolation: whatever a file does to its reader, it does to nobody else: time, memory and the size of what comes out are
bounded. Purity: the same bytes give the same passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parley.domain.document import Chunk, Kind
from parley.errors import ParleyError


class Unreadable(ParleyError):
    """No passages can be made of this document; the message says why, and what would help."""

    code = "unreadable_document"


class DocumentReader(Protocol):
    """Makes passages."""

    async def read(self, kind: Kind, data: bytes, chunk_size: int) -> Sequence[Chunk]:
        """The passages, each of about `chunk_size` characters. Raises `Unreadable`."""
        ...
