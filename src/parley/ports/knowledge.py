"""What an agent's documents say about a question.

Order: the best passage first. An agent without documents knows nothing, which is no failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from parley.domain.ids import ProjectID


class Passage(Struct, frozen=True):
    """A piece of a document. `score` is between 0 and 1; `data` tells about the document, such as its `name`."""

    content: str
    score: float
    document: str = field(name="documentID")
    data: dict[str, Any] = field(name="documentData", default={})


class KnowledgeBase(Protocol):
    """Finds passages."""

    async def search(self, project: ProjectID, question: str, limit: int) -> Sequence[Passage]:
        """The passages that answer the question best, at most `limit`."""
        ...
