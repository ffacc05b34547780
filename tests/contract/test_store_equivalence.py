"""Any sequence of calls leaves every store the same: the memory store is the model, the others are held to it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from parley.backends.clock import StillClock
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore
from parley.errors import ParleyError

from .nouns import DAY, NOW, comparable, finished, session, turn

SESSIONS = st.sampled_from(["s0", "s1", "s2", "s3"])
USERS = st.sampled_from(["anna", "bert"])
TURNS = st.sampled_from([f"t{n}" for n in range(25)])
KEYS = st.sampled_from([None, None, "k", "t1"])
ENDED = st.sampled_from([None] * 6 + ["replaced"])
EXPIRES = st.sampled_from([None, NOW, NOW + 90_000, NOW + 600_000])


class Stores(RuleBasedStateMachine):
    """Each rule asks both; calls are gathered and made in one breath, or awaited one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = StillClock(now_ms=NOW)
        self.memory = MemoryStore(clock=self.clock)
        self.sqlite = self.reopened()
        self.waiting: list[tuple[str, tuple[Any, ...]]] = []
        self.owners: dict[str, str] = {}

    def reopened(self) -> SqliteStore:
        store = SqliteStore(Path(self.directory.name) / "data.db", clock=self.clock)
        self.runner.run(store.open())
        return store

    @initialize()
    def two_talk(self) -> None:
        self.create("s0", "anna", None, NOW)
        self.create("s1", "bert", None, None)
        self.make_the_calls()

    @rule(id=SESSIONS, user=USERS, ended=ENDED, expires=EXPIRES)
    def create(self, id: str, user: str, ended: str | None, expires: int | None) -> None:
        self.owners.setdefault(id, user)
        self.waiting.append(("create", (session(id, self.owners[id], ended=ended, expires_at=expires),)))

    @rule(id=TURNS, of=SESSIONS, key=KEYS)
    def accept(self, id: str, of: str, key: str | None) -> None:
        self.waiting.append(("accept", (turn(id, of, key=key, accepted_at=self.clock.now_ms()),)))

    @rule(id=TURNS, of=SESSIONS, key=KEYS, ended=ENDED, expires=EXPIRES, stale=st.sampled_from([0] * 8 + [1, -1]))
    def commit(self, id: str, of: str, key: str | None, ended: str | None, expires: int | None, stale: int) -> None:
        revision = self.revision(of) + 1 + stale
        state = session(of, self.owners.get(of, "anna"), revision=revision, ended=ended, expires_at=expires)
        record = turn(id, of, key=key, accepted_at=self.clock.now_ms())
        self.waiting.append(("commit", (state, finished(record, first=2 * revision + 1))))

    def revision(self, of: str) -> int:
        state = self.runner.run(self.memory.load(of))  # type: ignore[arg-type]
        waiting = sum(name == "commit" and args[0].id == of for name, args in self.waiting)
        return (0 if state is None else state.revision) + waiting

    @rule()
    def make_the_calls(self) -> None:
        expected = self.runner.run(self.ask(self.memory))
        found = self.runner.run(self.ask(self.sqlite))
        assert found == expected
        self.waiting = []
        assert self.seen(self.sqlite) == self.seen(self.memory)

    async def ask(self, store: Any) -> list[str]:
        asked = [getattr(store, name)(*args) for name, args in self.waiting]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, ParleyError) for outcome in outcomes), outcomes
        return [type(outcome).__name__ for outcome in outcomes]

    def seen(self, store: Any) -> list[Any]:
        return self.runner.run(self.look(store))

    async def look(self, store: Any) -> list[Any]:
        seen: list[Any] = [set(await store.expired(NOW + minutes * 60_000, 99)) for minutes in (0, 2, 20)]
        seen += [await store.latest("shop", user) for user in ("anna", "bert")]
        for id in ("s0", "s1", "s2", "s3"):
            seen.append(await store.load(id))
            seen += [[comparable(t) for t in await store.turns(id, after=after)] for after in (0, 4)]
            seen += [comparable(await store.turn(id, key=key)) for key in ("k", "t1")]
        return seen

    @rule(user=USERS)
    def forget(self, user: str) -> None:
        self.make_the_calls()
        for store in (self.memory, self.sqlite):
            self.runner.run(store.forget("shop", user))  # type: ignore[arg-type]
        assert self.seen(self.sqlite) == self.seen(self.memory)

    @rule()
    def a_day_passes(self) -> None:
        self.make_the_calls()
        self.runner.run(self.clock.advance(DAY / 1000))

    @rule()
    def the_server_starts_again(self) -> None:
        self.make_the_calls()
        self.runner.run(self.sqlite.close())
        self.sqlite = self.reopened()

    def teardown(self) -> None:
        self.make_the_calls()
        self.runner.run(self.sqlite.close())
        self.runner.close()
        self.directory.cleanup()


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
