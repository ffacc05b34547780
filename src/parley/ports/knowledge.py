"""What an agent's documents say about a question.

Order: the best passage first. An agent without documents knows nothing, which is no failure, and neither is a question
that no passage has anything to do with. Time: the work is done beside the event loop. Errors: `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from parley.domain.ids import ProjectID
from parley.domain.narrowing import EVERYTHING, Narrowing


class Passage(Struct, frozen=True):
    """A piece of a document. `score` is between 0 and 1; `data` tells about the document, such as its `name`.

    `metadata` is the document's and the passage's own together.
    """

    content: str
    score: float
    document: str = field(name="documentID")
    data: dict[str, Any] = field(name="documentData", default={})
    id: str = field(name="chunkID", default="")
    metadata: dict[str, Any] = {}


class KnowledgeBase(Protocol):
    """Finds passages."""

    async def search(
        self, project: ProjectID, question: str, limit: int, narrowing: Narrowing = EVERYTHING
    ) -> Sequence[Passage]:
        """The passages that answer the question best, at most `limit`; only such as the narrowing leaves in."""
        ...
