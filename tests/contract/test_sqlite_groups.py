"""The writer: few transactions for many turns, one row a turn, and no work while idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from parley.backends.clock import StillClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import SessionID

from .nouns import NOW, finished, saved, session, turn


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data.db", clock=StillClock(now_ms=NOW))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def commits(store: Any, tmp_path: Path) -> Any:
    """How many transactions were written since the last call."""
    other = apsw.Connection(str(tmp_path / "data.db"))
    statements: list[str] = []
    store._database._writer._writer._connection.trace_v2(
        apsw.SQLITE_TRACE_STMT, lambda event: statements.append(event["sql"])
    )

    def count() -> int:
        found = statements.count("COMMIT")
        statements.clear()
        return found

    yield count
    other.close()


async def test_what_is_asked_in_one_breath_is_one_transaction(store: Any, commits: Any) -> None:
    states = [session(f"s{n}", user=f"u{n}") for n in range(100)]
    asked = [store.create(state) for state in states]
    for state in states:
        record = turn(f"t-{state.id}", session=state.id)
        asked += [store.accept(record), store.commit(saved(state), finished(record))]
    await asyncio.gather(*asked)
    assert commits() == 1


async def test_a_key_that_is_free_again_is_found_out_by_itself(store: Any, commits: Any) -> None:
    await store.create(session())
    await store.accept(turn("t1", key="k"))
    record = turn("t2", key="k", accepted_at=NOW + 24 * 60 * 60 * 1000)
    await asyncio.gather(store.accept(record), store.commit(saved(session()), finished(record)))
    assert (await store.turn(SessionID("s1"), key="k")).id == "t2"


async def test_an_idle_store_takes_no_time(store: Any) -> None:
    await store.check()
    before = time.process_time()
    await asyncio.sleep(0.5)
    assert time.process_time() - before < 0.05


async def test_large_changes_are_written_in_several_batches(store: Any) -> None:
    await store.create(session())
    await asyncio.gather(*(store.accept(turn(f"t{n}", action={"v": "x" * 1_000_000})) for n in range(20)))
    assert len(await store.turns(SessionID("s1"))) == 20


async def test_a_number_out_of_range_is_refused_before_it_is_packed(store: Any) -> None:
    from parley.errors import InvalidInput

    with pytest.raises(InvalidInput):
        await store.create(session(expires_at=10**30))
    await store.create(session())
    with pytest.raises(InvalidInput):
        await store.accept(turn(accepted_at=10**20))
