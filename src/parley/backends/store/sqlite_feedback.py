"""Feedback in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from parley.backends.store.encoding import data_bytes, is_name, name_bytes
from parley.backends.store.sqlite_database import Database
from parley.ports.feedback import FeedbackRecord

KEPT = 50_000
"""How many records of a project are kept."""
TRIM_EVERY = 256


class SqliteFeedback:
    """Feedback, in a table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: FeedbackRecord) -> None:
        """See `Feedback.add`."""
        name_bytes(record.project, "projectID")
        name_bytes(record.subject, "userID")
        row = (record.id, record.project, record.subject, record.given_at, data_bytes(record.data))
        queries = self._database.queries

        def add(connection: apsw.Connection) -> None:
            connection.execute(queries.add_feedback, row)
            if connection.last_insert_rowid() % TRIM_EVERY == 0:
                connection.execute(queries.trim_feedback, (record.project, record.project, KEPT))

        await self._database.write(add)

    async def list(
        self, project: str, *, subject: str | None = None, after: str = "", at_most: int = 100
    ) -> Sequence[FeedbackRecord]:
        """See `Feedback.list`."""
        sql = self._database.queries.list_feedback
        rows = self._database.read(sql, (project, after, subject, subject, at_most))
        return [
            FeedbackRecord(id, project, whose, given_at, msgspec.json.decode(data))
            for id, whose, given_at, data in rows
        ]

    async def forget(self, project: str, subject: str) -> None:
        """See `Feedback.forget`."""
        if is_name(project) and is_name(subject):
            sql = self._database.queries.forget_feedback
            await self._database.write(lambda connection: connection.execute(sql, (project, subject)) and None)
