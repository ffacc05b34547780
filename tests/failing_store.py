"""A memory store that fails when it is told to."""

from __future__ import annotations

import asyncio
from asyncio import Future

from parley.backends.store.memory import MemoryStore
from parley.domain.ids import SessionID
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.errors import StoreUnavailable
from parley.ports.clock import Clock


class FailingStore(MemoryStore):
    """`fails` names the verbs that fail now."""

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.fails: set[str] = set()

    def create(self, state: SessionState) -> Future[None]:
        return self._broken("create") or super().create(state)

    def accept(self, turn: TurnRecord) -> Future[None]:
        return self._broken("accept") or super().accept(turn)

    def commit(self, state: SessionState, turn: TurnRecord) -> Future[None]:
        return self._broken("commit") or super().commit(state, turn)

    async def load(self, session: SessionID) -> SessionState | None:
        if "load" in self.fails:
            raise StoreUnavailable("The disk is full.")
        return await super().load(session)

    async def check(self) -> None:
        if self.fails:
            raise StoreUnavailable("The disk is full.")

    def _broken(self, verb: str) -> Future[None] | None:
        if verb not in self.fails:
            return None
        failed: Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(StoreUnavailable("The disk is full."))
        return failed
