"""kill -9 in the middle of it: every turn that was acknowledged is there, whole, and no half turn is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from parley.backends.clock import StillClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import SessionID

SESSIONS = 20


async def talk(path: Path) -> None:
    """Run in the child: many sessions talk; each acknowledged thing is told on standard output, unbuffered."""
    from contract.nouns import finished, saved, session, turn

    store = SqliteStore(path, clock=StillClock())
    await store.open()

    async def one(n: int) -> None:
        state = session(f"s{n}", user=f"u{n}")
        await store.create(state)
        for round_ in range(1, 10_000):
            record = turn(f"{n}-{round_}", session=state.id, key=f"{round_}")
            accepted = store.accept(record)
            if round_ % 2:
                await accepted
                sys.stdout.write(f"accepted {n} {round_}\n")
            state = saved(state, variables={"round": round_})
            await store.commit(state, finished(record, first=3 * round_ - 2, count=3))
            sys.stdout.write(f"committed {n} {round_}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one(n) for n in range(SESSIONS)))


@pytest.mark.parametrize("seconds", [0.3, 0.7, 1.1])
async def test_nothing_acknowledged_is_lost(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "data.db"
    said = await asyncio.to_thread(run_and_kill, path, seconds)
    last = {"accepted": [0] * SESSIONS, "committed": [0] * SESSIONS}
    for line in said:
        what, n, round_ = line.split()
        last[what][int(n)] = int(round_)
    assert sum(last["committed"]) > 0
    store = SqliteStore(path, clock=StillClock(now_ms=2_000_000_000_000))
    await store.open()
    for n in range(SESSIONS):
        await expect_whole(store, n, last["committed"][n], last["accepted"][n])
    await store.close()
    assert apsw.Connection(str(path)).execute("PRAGMA integrity_check").get == "ok"


def run_and_kill(path: Path, seconds: float) -> list[str]:
    told = path.with_name("told")
    code = (
        f"import sys, asyncio; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from contract.test_sqlite_crash import talk\n"
        f"from pathlib import Path; asyncio.run(talk(Path({str(path)!r})))"
    )
    with told.open("w") as out:
        child = subprocess.Popen([sys.executable, "-c", code], stdout=out)
        deadline = time.monotonic() + 60
        while told.stat().st_size == 0 and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(seconds)
        child.kill()
        child.wait()
    text = told.read_text()
    return text[: text.rfind("\n") + 1].splitlines()


async def expect_whole(store: SqliteStore, n: int, committed: int, accepted: int) -> None:
    id = SessionID(f"s{n}")
    state = await store.load(id)
    if state is None:
        assert committed == accepted == 0
        return
    assert state.revision >= committed
    assert state.variables.get("round", 0) == state.revision, "state and revision are of one commit"
    turns = list(await store.turns(id, at_most=20_000))
    done = [record for record in turns if record.said is not None]
    assert len(done) == state.revision, "as many turns as saves"
    offsets = [emission.offset for record in done for emission in record.said or ()]
    assert offsets == list(range(1, 3 * state.revision + 1))
    assert len(turns) >= accepted
    assert len(turns) - len(done) <= 1
