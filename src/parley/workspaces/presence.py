"""Which operators are in which conversations now, as this process knows it."""

from __future__ import annotations

from collections.abc import Sequence

from parley.domain.ids import SessionID
from parley.domain.workspace import WorkspaceID


class Presence:
    """Operators by conversation, each with their workspace."""

    def __init__(self) -> None:
        self._there: dict[SessionID, dict[str, WorkspaceID]] = {}

    def put(self, session: SessionID, operator: str, workspace: WorkspaceID) -> None:
        """The operator is in this conversation."""
        self._there.setdefault(session, {})[operator] = workspace

    def remove(self, session: SessionID, operator: str) -> None:
        """The operator is not in it any more."""
        there = self._there.get(session, {})
        there.pop(operator, None)
        if not there:
            self._there.pop(session, None)

    def of(self, session: SessionID) -> Sequence[str]:
        """Who is in it."""
        return tuple(self._there.get(session, ()))

    def workspace_of(self, session: SessionID, operator: str) -> WorkspaceID | None:
        """The workspace of an operator who is in it."""
        return self._there.get(session, {}).get(operator)
