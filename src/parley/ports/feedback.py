"""What users thought of an answer: thumbs and words, kept for the people who build the agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct


class FeedbackRecord(Struct, frozen=True):
    """One piece of feedback. `id` sorts by time. `given_at` is in milliseconds since 1970.

    `subject` is the user or session that the client named; `data` is what it sent.
    """

    id: str
    project: str
    subject: str
    given_at: int
    data: dict[str, Any]


class Feedback(Protocol):
    """Feedback by project. Keeps at least the newest 50 000 of each; older ones may go. Durable as the store is."""

    async def add(self, record: FeedbackRecord) -> None:
        """Keep a record. Raises `InvalidInput` where it cannot be kept, `StoreUnavailable`."""
        ...

    async def list(
        self, project: str, *, subject: str | None = None, after: str = "", at_most: int = 100
    ) -> Sequence[FeedbackRecord]:
        """Records whose id is greater than `after`, oldest first; of one subject where it is given."""
        ...

    async def forget(self, project: str, subject: str) -> None:
        """Delete what this subject gave."""
        ...
