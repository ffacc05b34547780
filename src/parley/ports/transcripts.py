"""What was done and said: the turns of a session, for replay, resume and idempotency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from parley.domain.ids import SessionID, TurnID
from parley.domain.transcript import TurnRecord


class Transcripts(Protocol):
    """Reads what a `Store` of the same backend has saved."""

    async def turn(self, session: SessionID, *, id: TurnID | None = None, key: str | None = None) -> TurnRecord | None:
        """One turn by its id or by the client's key (exactly one is given), None if there is none."""
        ...

    async def turns(self, session: SessionID, *, after: int = 0, at_most: int = 1000) -> Sequence[TurnRecord]:
        """Turns with an emission whose offset is greater than `after`, and unfinished ones, in order."""
        ...

    async def page(self, session: SessionID, since: TurnID | None, at_most: int) -> Sequence[TurnRecord]:
        """All turns in order, from the first (None) or from the one behind `since` on.

        For those who read a session whole: a page costs the same wherever it is.
        """
        ...
