"""Sessions as a list, from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from parley.domain.state import SessionState
from parley.ports.conversations import Wanted


class MemoryConversations:
    """Lists what `states` gives, newest first."""

    def __init__(self, states: Callable[[], Iterable[SessionState]]) -> None:
        self._states = states

    async def list(self, wanted: Wanted, *, at_most: int = 100, skipped: int = 0) -> Sequence[SessionState]:
        """See `Conversations.list`."""
        return list(islice(self._wanted(wanted), skipped, skipped + at_most))

    async def count(self, wanted: Wanted) -> int:
        """See `Conversations.count`."""
        return sum(1 for _ in self._wanted(wanted))

    def _wanted(self, wanted: Wanted) -> Iterator[SessionState]:
        return (state for state in self._states() if _fits(state, wanted))


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
    )
