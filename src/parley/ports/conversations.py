"""Sessions as a list: what a workspace has had, newest first.

Reads what a `Store` and `Records` of the same backend have saved. May read all sessions of a project, and lets others
work meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from parley.domain.ids import ProjectID
from parley.domain.state import SessionState
from parley.domain.transcript_property import Filter


class Wanted(Struct, frozen=True):
    """Which sessions. None: all of them. `channel`, `entity` and `is_draft` are those of `SessionState.contact`.

    Created from `since` to `until`, in milliseconds since 1970, both included. `endings`: ended for one of these
    reasons; `other_endings`: ended, and for none of these. `filters` must all fit what the session's transcript is
    marked with (domain/transcript_property.py).
    """

    projects: tuple[ProjectID, ...]
    is_live: bool | None = None
    channel: str | None = None
    entity: str | None = None
    environment: str | None = None
    is_draft: bool | None = None
    since: int | None = None
    until: int | None = None
    session: str | None = None
    user: str | None = None
    endings: tuple[str, ...] | None = None
    other_endings: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()


class Conversations(Protocol):
    """Lists sessions."""

    async def list(self, wanted: Wanted, *, at_most: int = 100, skipped: int = 0) -> Sequence[SessionState]:
        """The sessions that are wanted, newest first, without the first `skipped`. Raises `StoreUnavailable`."""
        ...

    async def count(self, wanted: Wanted) -> int:
        """How many there are. Raises `StoreUnavailable`."""
        ...
