"""What goes wrong while the server runs: it is said clearly, nothing acknowledged is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from parley.backends.clock import StillClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import SessionID
from parley.errors import Conflict, InvalidInput, StoreUnavailable

from .faulty_disk import FaultyDisk, faulty_disk
from .nouns import finished, saved, session, turn

S1 = SessionID("s1")


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    with faulty_disk() as disk:
        yield disk


@pytest.fixture
async def store(disk: FaultyDisk, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data.db", clock=StillClock(), busy_timeout=0.2)
    await store.open()
    await store.create(session())
    await store.accept(turn("t0"))
    yield store
    disk.write_error = disk.sync_error = disk.read_error = None
    await store.close()


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError, apsw.ReadOnlyError], ids=lambda e: e.__name__)
async def test_a_failing_disk_fails_the_call_and_heals(store: Any, disk: FaultyDisk, error: type[apsw.Error]) -> None:
    disk.write_error = error
    with pytest.raises(StoreUnavailable, match=r"data file .*data\.db cannot be used: ") as failure:
        await store.accept(turn("t1"))
    assert "\n" not in failure.value.message
    assert not isinstance(failure.value, Conflict)
    with pytest.raises(StoreUnavailable):
        await store.commit(saved(session()), finished(turn("t0")))
    with pytest.raises(StoreUnavailable):
        await store.check()
    assert [t.id for t in await store.turns(S1)] == ["t0"]
    disk.write_error = None
    await store.check()
    await store.accept(turn("t1"))
    await store.commit(saved(session()), finished(turn("t0")))
    assert [t.id for t in await store.turns(S1)] == ["t0", "t1"]


async def test_what_cannot_be_synced_is_not_acknowledged(store: Any, disk: FaultyDisk, tmp_path: Path) -> None:
    disk.sync_error = apsw.IOError
    with pytest.raises(StoreUnavailable):
        await store.accept(turn("t1"))
    disk.sync_error = None
    await store.accept(turn("t2"))
    assert [t.id for t in await store.turns(S1)] == ["t0", "t2"]


async def test_a_failing_read_says_so(store: Any, disk: FaultyDisk) -> None:
    await store.close()
    await store.open()
    disk.read_error = apsw.IOError
    with pytest.raises(StoreUnavailable, match="Check the disk"):
        await store.load(S1)
    disk.read_error = None
    assert (await store.load(S1)).id == "s1"


async def test_everything_in_a_failed_group_is_told(store: Any, disk: FaultyDisk) -> None:
    disk.write_error = apsw.FullError
    outcomes = await asyncio.gather(*(store.accept(turn(f"x{n}")) for n in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)


async def test_closing_with_a_failing_disk_keeps_what_was_acknowledged(
    store: Any, disk: FaultyDisk, tmp_path: Path
) -> None:
    disk.write_error = apsw.FullError
    await store.close()
    disk.write_error = None
    again = SqliteStore(tmp_path / "data.db", clock=StillClock())
    await again.open()
    assert [t.id for t in await again.turns(S1)] == ["t0"]
    await again.close()


async def test_one_bad_change_does_not_fail_its_group(store: Any) -> None:
    async def write(connection: apsw.Connection) -> None:
        raise AssertionError

    for n in range(3):
        await store.create(session(f"g{n}", user=f"g{n}"))
    outcomes = await asyncio.gather(
        store.accept(turn("a1", key="k")),
        store.accept(turn("a2", key="k")),
        store.commit(session("g0", user="g0", revision=7), finished(turn("b0", session="g0"))),
        store.commit(saved(session("g1", user="g1")), finished(turn("b1", session="g1"))),
        store.create(session("g9", user="g1")),
        store.accept(turn("a3", session="nowhere")),
        store.accept(turn("a4", action={"v": "\ud800"})),
        store.keyring.secret("name", "value"),
        store.versions.save("\ud800", b""),
        store.commit(saved(session("g2", user="g2")), finished(turn("b2", session="g2"))),
        return_exceptions=True,
    )
    kinds = [type(outcome) if isinstance(outcome, Exception) else outcome for outcome in outcomes]
    assert kinds == [None, Conflict, Conflict, None, Conflict, Conflict, InvalidInput, "value", InvalidInput, None]
    assert (await store.load(SessionID("g0"))).revision == 0
    assert (await store.load(SessionID("g1"))).revision == 1
    assert (await store.load(SessionID("g2"))).revision == 1
    assert [t.id for t in await store.turns(S1)] == ["t0", "a1"]


async def test_a_writer_elsewhere_is_waited_for_and_then_named(store: Any, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another program is writing to it"):
        await store.accept(turn("t1"))
    waiting = store.accept(turn("t2"))
    await asyncio.sleep(0.05)
    other.execute("COMMIT")
    await waiting
    other.close()


async def test_a_file_that_was_replaced_is_not_written_to(store: Any, tmp_path: Path) -> None:
    (tmp_path / "data.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreUnavailable, match="moved or replaced"):
        await store.accept(turn("t1"))
    (tmp_path / "elsewhere.db").rename(tmp_path / "data.db")
    await store.accept(turn("t1"))


async def test_a_closed_store_says_so(store: Any) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable, match="not open"):
        await store.accept(turn("t1"))
    with pytest.raises(StoreUnavailable, match="not open"):
        await store.load(S1)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    where = tmp_path / "tiny"
    where.mkdir()
    if not hasattr(libc, "mount") or libc.mount(b"tmpfs", os.fsencode(where), b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip("mounting a small disk is not permitted here")
    yield where
    libc.umount2(os.fsencode(where), 2)


async def test_a_disk_that_is_really_full(tiny_disk: Path) -> None:
    store = SqliteStore(tiny_disk / "data.db", clock=StillClock())
    await store.open()
    await store.create(session())
    ballast = tiny_disk / "ballast"
    kept = []
    with pytest.raises(StoreUnavailable, match="cannot be used") as failure:
        for n in range(1000):
            await store.accept(turn(f"t{n}", action={"payload": "x" * 20_000}))
            kept.append(f"t{n}")
            if n == 5:
                ballast.write_bytes(b"x" * 300_000)
    assert kept
    assert "no space left" in failure.value.message
    ballast.unlink()
    await store.accept(turn("after"))
    assert [t.id for t in await store.turns(S1)] == [*kept, "after"]
    await store.close()
    await store.open()
    assert [t.id for t in await store.turns(S1)] == [*kept, "after"]
    await store.close()
