"""One conversation as an actor: order, durability, and what is run again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from failing_store import FailingStore
from house_fixture import PROJECT, Opened, open_house
from parley.backends.clock import SystemClock
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore
from parley.domain.actions import parse_action
from parley.domain.ids import ProjectID, UserID
from parley.domain.transcript import Completed, Traced
from parley.errors import Busy, Draining, SessionEnded, StoreUnavailable
from parley.session.edits import begun_anew, merged_variables
from parley.session.handle import Post, SessionHandle
from parley.session.outbox import Portion
from slow_engine import SlowEngine

ADA = UserID("ada")
SHOP = ProjectID(PROJECT)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Each store, open."""
    clock = SystemClock()
    kept: Any = (
        MemoryStore(clock=clock) if request.param == "memory" else SqliteStore(tmp_path / "data.db", clock=clock)
    )
    await kept.open()
    yield kept
    await kept.close()


def x(payload: str, key: str | None = None, **variables: Any) -> Post:
    return Post(parse_action({"type": "x", "payload": payload}), variables=variables, key=key)


async def created(opened: Opened, user: str = "ada") -> SessionHandle:
    project = opened.house.catalog.project(SHOP)
    return await opened.house.directory.create(SHOP, UserID(user), project.environments[0])


async def test_turns_run_one_after_another_in_the_order_of_posting() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    answers = [await session.post(x(name)) for name in "abcdef"]
    await engine.has_begun(1)
    await asyncio.sleep(0)
    assert engine.begun == 1
    engine.let_go(6)
    for answer in answers:
        await answer.whole()
    assert session.state().variables["order"] == "abcdef"
    offsets = [emission.offset for answer in answers for emission in answer.said]
    assert offsets == list(range(1, len(offsets) + 1))


async def test_an_accepted_turn_is_run_again_after_a_crash_under_a_new_epoch(store: Any) -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine, store=store)
    session = await created(opened)
    answers = [await session.post(x(name, key=name, seen=name)) for name in "ab"]
    for answer in answers:
        await answer.accepted()
    await engine.has_begun(1)
    engine_after = SlowEngine()
    engine_after.let_go(2)
    restarted = await open_house(store=opened.store, engine=engine_after)
    again = await restarted.house.directory.find(session.id)
    assert again.place()[0] > 1
    for name, answer in zip("ab", answers, strict=True):
        rerun = await again.answer(answer.turn)
        assert [type(e.body) for e in await rerun.whole()] == [Traced, Traced, Completed]
        assert (await again.post(x(name, key=name))).turn == answer.turn
    assert again.state().variables["order"] == "ab"
    assert again.state().variables["seen"] == "b"
    assert engine_after.begun == 2


async def test_the_owner_that_was_overtaken_cannot_save(store: Any) -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine, store=store)
    session = await created(opened)
    answer = await session.post(x("old"))
    await engine.has_begun(1)
    newer = SlowEngine()
    newer.let_go(5)
    restarted = await open_house(store=opened.store, engine=newer)
    other = await (await restarted.house.directory.find(session.id)).post(x("new"))
    await other.whole()
    engine.let_go()
    with pytest.raises(StoreUnavailable):
        await answer.whole()
    with pytest.raises(StoreUnavailable):
        await session.post(x("more"))


async def test_a_reader_that_stops_reading_holds_nobody_up() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    answer = await session.post(x("a"))
    slow = answer.read()
    await anext(slow)
    engine.let_go(50)
    await answer.whole()
    for i in range(20):
        await (await session.post(x(str(i)))).whole()
    rest = [emission async for portion in slow for emission in portion]
    assert [type(emission.body) for emission in rest] == [Traced, Completed]


async def test_a_follower_hears_everything_once_and_in_order() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    heard: list[Portion] = []
    session.follow(heard.append)
    engine.let_go(10)
    for i in range(10):
        await (await session.post(x(str(i)))).whole()
    offsets = [emission.offset for portion in heard for emission in portion.emissions]
    assert offsets == list(range(1, 31))


async def test_nothing_is_shown_before_the_action_is_durable() -> None:
    store = FailingStore(clock=SystemClock())
    engine = SlowEngine()
    opened = await open_house(store=store, engine=engine)
    session = await created(opened)
    heard: list[Portion] = []
    session.follow(heard.append)
    store.fails = {"accept", "commit"}
    answer = await session.post(x("a"))
    engine.let_go()
    with pytest.raises(StoreUnavailable):
        await answer.accepted()
    with pytest.raises(StoreUnavailable):
        async for _ in answer.read():
            pytest.fail("something was shown")
    assert heard == []


async def test_draining_lets_running_turns_finish() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    answer = await session.post(x("a"))
    await engine.has_begun(1)
    draining = asyncio.create_task(opened.house.directory.drain(5))
    await asyncio.sleep(0.01)
    with pytest.raises(Draining):
        await session.post(x("b"))
    engine.let_go()
    await draining
    assert isinstance((await answer.whole())[-1].body, Completed)


async def test_two_creations_at_once_leave_one_session() -> None:
    opened = await open_house()
    sessions = await asyncio.gather(*(created(opened) for _ in range(10)))
    assert len({session.id for session in sessions}) == 10
    assert [session.state().ended for session in sessions[:-1]] == ["replaced"] * 9
    assert sessions[-1].state().ended is None


async def test_get_or_create_at_once_gives_one_session_to_all() -> None:
    opened = await open_house()
    project = opened.house.catalog.project(SHOP)
    found = await asyncio.gather(
        *(opened.house.directory.of_user(SHOP, ADA, project.environments[0]) for _ in range(10))
    )
    assert len({session.id for session in found}) == 1


async def test_a_session_is_woken_once_however_many_ask() -> None:
    opened = await open_house()
    session = await created(opened)
    restarted = await open_house(store=opened.store)
    found = await asyncio.gather(*(restarted.house.directory.find(session.id) for _ in range(10)))
    assert len({id(handle) for handle in found}) == 1


async def test_changes_take_their_turn() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    first = await session.post(x("a"))
    change = await session.edit(merged_variables({"order": "-"}), "variables")
    last = await session.post(x("b"))
    engine.let_go(2)
    await last.whole()
    assert session.state().variables["order"] == "-b"
    assert [type(e.body) for e in await change.whole()] == [Completed]
    assert (await first.whole())[-1].offset + 1 == change.said[0].offset
    assert (await opened.store.load(session.id)).variables["order"] == "-b"


async def test_a_change_is_refused_like_an_action() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    session = await created(opened)
    for i in range(17):
        await session.post(x(str(i)))
        await asyncio.sleep(0)
    with pytest.raises(Busy):
        await session.edit(begun_anew, "reset")
    await created(opened)
    with pytest.raises(SessionEnded):
        await session.edit(begun_anew, "reset")


async def test_the_turn_limit_in_seconds_ends_the_turn_and_not_the_session() -> None:
    from house_fixture import project
    from parley.domain.program import Limits, Settings

    engine = SlowEngine()
    opened = await open_house(project(settings=Settings(limits=Limits(seconds=0.05))), engine=engine)
    session = await created(opened)
    said = await (await session.post(x("a"))).whole()
    assert [type(e.body) for e in said] == [Traced, Traced, Completed]
    assert b"limit `seconds`" in bytes(said[1].body.data)  # type: ignore[union-attr]
    assert said[-1].body.reason == "turn_timeout"  # type: ignore[union-attr]
    engine.let_go()
    assert (await (await session.post(x("b"))).whole())[-1].body.reason is None  # type: ignore[union-attr]


async def test_sessions_that_nobody_uses_are_put_to_sleep() -> None:
    opened = await open_house()
    opened.house.directory._most_awake = 20
    sessions = [await created(opened, f"user-{i}") for i in range(60)]
    assert len(opened.house.directory._awake) <= 21
    assert (await opened.house.directory.find(sessions[0].id)).state().user == "user-0"


async def test_sessions_in_use_do_not_keep_others_awake() -> None:
    opened = await open_house()
    opened.house.directory._most_awake = 20
    followed = [await created(opened, f"follower-{i}") for i in range(12)]
    for session in followed:
        session.follow(lambda _: None)
    for i in range(100):
        await created(opened, f"user-{i}")
    assert len(opened.house.directory._awake) <= 30
    assert all(session.id in opened.house.directory._awake for session in followed)
