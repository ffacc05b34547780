"""Turns a second of each store: `python -m bench.store [--sessions 1000 100000] [--seconds 3]`.

A turn is `accept` and `commit` of a session chosen at random among all that are stored, so nothing is in a cache by
design. `in one breath` calls both before waiting, as a turn without outside calls does; `one after the other` waits
for the accept first, as a turn that calls a language model does. The yardstick commits groups of the same rows with
nothing around: no event loop, no thread, no encoding.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apsw
from msgspec import Raw
from msgspec.structs import replace

from parley.backends.clock import SystemClock
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import new_id
from parley.domain.state import Frame, SessionState
from parley.domain.transcript import Completed, Emission, Traced, TurnRecord

TRACE = Raw(b'{"type":"text","payload":{"message":"Thanks, I have found your order. It ships tomorrow."}}')
IN_FLIGHT = (1, 32, 256)
Clients = list[list[SessionState]]


def session(n: int) -> SessionState:
    variables = {f"variable_{i}": "a value of usual length" for i in range(12)}
    stack = [Frame("main", "step", variables={"local": 1})]  # type: ignore[arg-type]
    id, now = f"{n:024x}", 1_700_000_000_000
    return SessionState(id, "shop", "production", "v1", f"user-{n}", now, 0, now, stack=stack, variables=variables)  # type: ignore[arg-type]


def turn(state: SessionState) -> tuple[TurnRecord, TurnRecord]:
    id, offset = new_id(time.time_ns() // 1_000_000), 4 * state.revision + 1
    record = TurnRecord(id, state.id, id, 1_700_000_000_000, None, {"type": "text", "payload": "where is my order"})  # type: ignore[arg-type]
    said = [Emission(offset + n, record.id, Traced("text", TRACE)) for n in range(3)]
    return record, replace(record, said=(*said, Emission(offset + 3, record.id, Completed(record.message_id))))


async def talk(store: Any, own: list[SessionState], until: float, is_one_breath: bool, took: list[float]) -> None:
    while (start := time.perf_counter()) < until:
        state = random.choice(own)
        accepted, done = turn(state)
        recorded = store.accept(accepted)
        if not is_one_breath:
            await recorded
        state.revision += 1
        saved = store.commit(state, done)
        await recorded
        await saved
        took.append(time.perf_counter() - start)
        if len(took) % 200 == 0:
            await asyncio.sleep(0)  # the memory store never waits


async def measure(store: Any, name: str, sessions: int, seconds: float) -> None:
    states = [session(n) for n in range(sessions)]
    for at in range(0, sessions, 1000):
        await asyncio.gather(*(store.create(state) for state in states[at : at + 1000]))
    os.sync()
    for is_one_breath in (True, False):
        for in_flight in IN_FLIGHT:
            took: list[float] = []
            until = time.perf_counter() + seconds
            async with asyncio.TaskGroup() as group:
                for n in range(in_flight):
                    group.create_task(talk(store, states[n::in_flight], until, is_one_breath, took))
            show(name + (", one breath" if is_one_breath else ", one by one"), sessions, in_flight, took, seconds)
    await measure_reads(store, name, states)


async def measure_reads(store: Any, name: str, states: list[SessionState]) -> None:
    start = time.perf_counter()
    for state in random.choices(states, k=2000):
        await store.load(state.id)
    print(f"{name + ', load':32} {len(states):>8} {'':>9} {(time.perf_counter() - start) / 2000 * 1e6:>7.1f} µs each")


def show(name: str, sessions: int, in_flight: int, took: list[float], seconds: float) -> None:
    took.sort()
    p50, p99 = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    print(f"{name:32} {sessions:>8} {in_flight:>9} {len(took) / seconds:>9.0f} {p50:>8.3f} {p99:>8.2f}", flush=True)


def yardstick(directory: Path, sessions: int, seconds: float) -> None:
    connection = apsw.Connection(str(directory / "yardstick.db"))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").fetchall()
    connection.execute("CREATE TABLE s (id TEXT PRIMARY KEY, r INT, state BLOB); CREATE TABLE t (id TEXT, said BLOB)")
    rows = [(f"{n:024x}", os.urandom(600)) for n in range(sessions)]
    with connection:
        connection.executemany("INSERT INTO s VALUES (?1, 0, ?2)", rows)
    os.sync()
    for size in IN_FLIGHT:
        took: list[float] = []
        until = time.perf_counter() + seconds
        while (start := time.perf_counter()) < until:
            some = random.choices(rows, k=size)
            with connection:
                connection.executemany("UPDATE s SET r = r + 1, state = ?2 WHERE id = ?1", some)
                connection.executemany("INSERT INTO t VALUES (?, ?)", some)
            took += [time.perf_counter() - start] * size
        show("yardstick: bare groups", sessions, size, took, seconds)
    connection.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--directory", type=Path, help="where to put the files: the disk that is measured")
    options = parser.parse_args()
    print(f"{'store':32} {'sessions':>8} {'in flight':>9} {'turns/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
    for sessions in options.sessions:
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            memory = MemoryStore(clock=SystemClock())
            await measure(memory, "memory", sessions, options.seconds)
            store = SqliteStore(Path(directory) / "data.db", clock=SystemClock())
            await store.open()
            await measure(store, "sqlite", sessions, options.seconds)
            await store.close()
            yardstick(Path(directory), sessions, options.seconds)


if __name__ == "__main__":
    if sys.platform == "win32":
        asyncio.run(main())
    else:
        import uvloop

        uvloop.run(main())
