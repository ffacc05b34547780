"""One suite a port, run over every backend. A new backend is one more entry in `BACKENDS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from parley.backends.clock import StillClock
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore

AnyStore = Any
Opener = Callable[[], Awaitable[AnyStore]]

BACKENDS = {
    "memory": lambda path, clock: MemoryStore(clock=clock),
    "sqlite": lambda path, clock: SqliteStore(path / "data.db", clock=clock),
}
SURVIVES = {"sqlite"}


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def store(backend: str, clock: StillClock, tmp_path: Path) -> AsyncIterator[AnyStore]:
    made = BACKENDS[backend](tmp_path, clock)
    await made.open()
    yield made
    await made.close()


@pytest.fixture(params=sorted(SURVIVES))
async def reopen(request: pytest.FixtureRequest, clock: StillClock, tmp_path: Path) -> AsyncIterator[Opener]:
    """Closes the store that is open, if any, and opens it anew: only for backends that survive it."""
    opened: list[AnyStore] = []

    async def anew() -> AnyStore:
        while opened:
            await opened.pop().close()
        opened.append(BACKENDS[request.param](tmp_path, clock))
        await opened[-1].open()
        return opened[-1]

    yield anew
    while opened:
        await opened.pop().close()
