"""The voice sessions that are on the line now, by workspace (seed 003, `sessions/active`).

A call is here from the moment its ears are attached until they are gone: what this process serves, and nothing stale.
"""

from __future__ import annotations

from collections.abc import Sequence

from parley.domain.ids import SessionID
from parley.domain.state import SessionState
from parley.domain.workspace import WorkspaceID


class Registered:
    """A call that is on the line, until it leaves."""

    def __init__(self, calls: dict[SessionID, SessionState], id: SessionID) -> None:
        self._calls = calls
        self._id = id

    async def leave(self) -> None:
        """The line is dead."""
        self._calls.pop(self._id, None)


class Calls:
    """Calls by workspace, oldest first."""

    def __init__(self) -> None:
        self._calls: dict[WorkspaceID, dict[SessionID, SessionState]] = {}

    async def add(self, workspace: WorkspaceID, state: SessionState) -> Registered:
        """A call is on the line. Its `state` is looked at whenever calls are listed."""
        calls = self._calls.setdefault(workspace, {})
        calls[state.id] = state
        return Registered(calls, state.id)

    async def active(self, workspace: WorkspaceID) -> Sequence[SessionState]:
        """The calls that have not ended."""
        return [state for state in self._calls.get(workspace, {}).values() if state.ended is None]
