"""Fills a data file with sessions that have each had a turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parley.app import open_store
from parley.domain.ids import EnvironmentAlias, MessageID, ProjectID, SessionID, TurnID, UserID, VersionID, new_id
from parley.domain.state import Frame, SessionState
from parley.domain.transcript import Completed, Emission, TurnRecord

START = 1_700_000_000_000


async def prefill(data: Path, sessions: int) -> None:
    """Add so many sessions."""
    store = await open_store(str(data), exclusive=True)
    try:
        for first in range(0, sessions, 500):
            await asyncio.gather(*(_one(store, n) for n in range(first, min(first + 500, sessions))))
    finally:
        await store.close()


async def _one(store: object, n: int) -> None:
    now = START + n
    state = SessionState(
        id=SessionID(new_id(now)),
        project=ProjectID("support_desk"),
        environment=EnvironmentAlias("main"),
        version=VersionID("0" * 24),
        user=UserID(f"stored-{n}"),
        created_at=now,
        stack=[Frame("welcome", "welcome/2")],  # type: ignore[arg-type]
        variables={f"variable_{i}": f"value {i}" for i in range(12)},
    )
    saving = store.create(state)  # type: ignore[attr-defined]
    turn = TurnID(new_id(now))
    said = tuple(Emission(i + 1, turn, Completed(MessageID(turn))) for i in range(6))
    state.revision, state.next_offset = 1, 7
    await asyncio.gather(
        saving,
        store.commit(state, TurnRecord(turn, state.id, MessageID(turn), now, said=said)),  # type: ignore[attr-defined]
    )
