"""Feedback in this process' memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from parley.backends.store.encoding import data_bytes, is_name, name_bytes
from parley.ports.feedback import FeedbackRecord

KEPT = 50_000
"""How many records of a project are kept."""


class MemoryFeedback:
    """Feedback, in a list a project. Keeps encoded data, so that what it returns is always the caller's own."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[FeedbackRecord, bytes]]] = {}

    async def add(self, record: FeedbackRecord) -> None:
        """See `Feedback.add`."""
        name_bytes(record.project, "projectID")
        name_bytes(record.subject, "userID")
        kept = self._kept.setdefault(record.project, [])
        kept.append((msgspec.structs.replace(record, data={}), data_bytes(record.data)))
        kept.sort(key=lambda each: each[0].id)
        del kept[:-KEPT]

    async def list(
        self, project: str, *, subject: str | None = None, after: str = "", at_most: int = 100
    ) -> Sequence[FeedbackRecord]:
        """See `Feedback.list`."""
        found = [
            (record, data)
            for record, data in self._kept.get(project, ())
            if record.id > after and subject in (None, record.subject)
        ]
        return [msgspec.structs.replace(record, data=msgspec.json.decode(data)) for record, data in found[:at_most]]

    async def forget(self, project: str, subject: str) -> None:
        """See `Feedback.forget`."""
        if is_name(project) and project in self._kept:
            self._kept[project] = [each for each in self._kept[project] if each[0].subject != subject]
