"""An engine that a test holds in its hand: each turn says what it heard, and waits until it is let go."""

from __future__ import annotations

import asyncio

from parley.domain.traces import CustomTrace
from parley.engine.turn import Turn


class SlowEngine:
    """Emits `heard` with the action's payload, waits, emits `done`; every turn adds its payload to the variables."""

    def __init__(self) -> None:
        self.begun = 0
        self._allowed = asyncio.Semaphore(0)

    async def __call__(self, turn: Turn) -> None:
        self.begun += 1
        payload = turn.action.wire.get("payload")
        turn.emit(CustomTrace("heard", payload))
        await self._allowed.acquire()
        turn.variables.set("order", f"{turn.variables.get('order', '')}{payload}")
        turn.emit(CustomTrace("done", payload))

    def let_go(self, turns: int = 1) -> None:
        """Let so many turns come to their end."""
        for _ in range(turns):
            self._allowed.release()

    async def has_begun(self, turns: int) -> None:
        """Return when so many turns have begun."""
        while self.begun < turns:
            await asyncio.sleep(0)
