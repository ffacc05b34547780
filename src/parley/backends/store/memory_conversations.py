"""Sessions as a list, from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from parley.backends.store.memory_records import MemoryRecords
from parley.domain.state import SessionState
from parley.domain.transcript_property import GIVEN, PROPERTIES, Filter, all_fit, given_in
from parley.ports.conversations import Wanted


class MemoryConversations:
    """Lists what `states` gives, newest first. `records` has what was given to transcripts."""

    def __init__(self, states: Callable[[], Iterable[SessionState]], records: MemoryRecords) -> None:
        self._states = states
        self._records = records

    async def list(self, wanted: Wanted, *, at_most: int = 100, skipped: int = 0) -> Sequence[SessionState]:
        """See `Conversations.list`."""
        return list(islice(self._wanted(wanted), skipped, skipped + at_most))

    async def count(self, wanted: Wanted) -> int:
        """See `Conversations.count`."""
        return sum(1 for _ in self._wanted(wanted))

    def _wanted(self, wanted: Wanted) -> Iterator[SessionState]:
        return (state for state in self._states() if _fits(state, wanted) and self._is_marked(state, wanted.filters))

    def _is_marked(self, state: SessionState, filters: Sequence[Filter]) -> bool:
        if not filters:
            return True
        record = self._records.kept(GIVEN, state.id)
        return all_fit(filters, {} if record is None else given_in(record.data), state.storage.get(PROPERTIES))


def _fits(state: SessionState, wanted: Wanted) -> bool:
    return (
        state.project in wanted.projects
        and wanted.is_live in (None, state.ended is None)
        and wanted.channel in (None, state.contact.channel)
        and wanted.entity in (None, state.contact.entity)
        and wanted.environment in (None, state.environment)
        and wanted.is_draft in (None, state.contact.is_draft)
        and (wanted.since is None or wanted.since <= state.created_at)
        and (wanted.until is None or state.created_at <= wanted.until)
        and wanted.session in (None, state.id)
        and wanted.user in (None, state.user)
        and (wanted.endings is None or state.ended in wanted.endings)
        and (wanted.other_endings is None or state.ended not in (None, *wanted.other_endings))
    )
