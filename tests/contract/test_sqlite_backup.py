"""Copies made while the server runs: whole, and with all that was acknowledged before."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from parley.backends.clock import StillClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import SessionID
from parley.errors import StoreUnavailable

from .nouns import finished, saved, session, turn


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data.db", clock=StillClock())
    await store.open()
    yield store
    await store.close()


async def own_backup(store: SqliteStore, source: Path, to: Path) -> None:
    await store.backup(to)


async def shell_backup(store: SqliteStore, source: Path, to: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("the sqlite3 command is not installed")
    command = ["sqlite3", str(source), ".timeout 5000", f".backup {to}"]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)


async def vacuum_into(store: SqliteStore, source: Path, to: Path) -> None:
    def copy() -> None:
        other = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        other.execute("VACUUM INTO ?", (str(to),))
        other.close()

    await asyncio.to_thread(copy)


@pytest.mark.parametrize("copy", [own_backup, shell_backup, vacuum_into], ids=lambda f: f.__name__)
async def test_a_copy_under_load_is_whole(store: Any, tmp_path: Path, copy: Callable[..., Awaitable[None]]) -> None:
    acknowledged: list[int] = [0] * 10
    is_over = asyncio.Event()

    async def talk(n: int) -> None:
        state = session(f"s{n}", user=f"u{n}")
        await store.create(state)
        while not is_over.is_set():
            state = saved(state)
            r = state.revision
            await store.commit(state, finished(turn(f"{n}-{r}", session=state.id), first=2 * r - 1))
            acknowledged[n] = r

    async with asyncio.TaskGroup() as group:
        for n in range(10):
            group.create_task(talk(n))
        await asyncio.sleep(0.2)
        before = list(acknowledged)
        await copy(store, tmp_path / "data.db", tmp_path / "copy.db")
        is_over.set()
    assert apsw.Connection(str(tmp_path / "copy.db")).execute("PRAGMA integrity_check").get == "ok"
    copied = SqliteStore(tmp_path / "copy.db", clock=StillClock())
    await copied.open()
    for n in range(10):
        state = await copied.load(SessionID(f"s{n}"))
        turns = await copied.turns(SessionID(f"s{n}"), at_most=100_000)
        assert state is not None
        assert before[n] <= state.revision == len(turns)
    await copied.close()


async def test_after_closing_the_file_alone_is_the_whole_store(store: Any, tmp_path: Path) -> None:
    await store.create(session())
    await store.accept(turn())
    await store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.db"]
    shutil.copy(tmp_path / "data.db", tmp_path / "copy.db")
    copied = SqliteStore(tmp_path / "copy.db", clock=StillClock())
    await copied.open()
    assert len(await copied.turns(SessionID("s1"))) == 1
    await copied.close()


async def test_nothing_is_overwritten(store: Any, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreUnavailable, match="exists already"):
        await store.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


async def test_a_copy_that_cannot_be_written_leaves_nothing_behind(store: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="could not be written"):
        await store.backup(tmp_path / "missing" / "copy.db")
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == []
    await store.check()
