"""What every store's transcripts promise (ports/transcripts.py)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from parley.domain.ids import SessionID, TurnID
from parley.domain.transcript import TurnConfig

from .nouns import comparable, finished, saved, session, turn

S1 = SessionID("s1")


async def test_a_turn_comes_back_as_it_was_saved(store: Any) -> None:
    record = turn(
        key="k",
        action=None,
        variables={"a": {"b": [1.5, None]}},
        config=TurnConfig(exclude_types=frozenset({"block"}), state=True, user_timezone="Europe/Berlin"),
    )
    await store.create(session())
    await store.accept(record)
    assert await store.turn(S1, id=TurnID("t1")) == record
    await store.commit(saved(session()), finished(record, count=5))
    assert comparable(await store.turn(S1, key="k")) == comparable(finished(record, count=5))


async def test_turns_are_in_the_order_in_which_they_were_accepted(store: Any) -> None:
    await store.create(session())
    for id in ("t9", "t1", "t5"):
        await store.accept(turn(id))
    await store.commit(saved(session()), finished(turn("t9")))
    await store.commit(session(revision=2), finished(turn("t0"), first=3))
    assert [t.id for t in await store.turns(S1)] == ["t9", "t1", "t5", "t0"]


async def test_turns_after_an_offset_and_unfinished_ones(store: Any) -> None:
    state = session()
    await store.create(state)
    for n in range(3):
        state = saved(state)
        await store.commit(state, finished(turn(f"t{n}"), first=1 + 3 * n, count=3))
    await store.accept(turn("open"))

    async def after(offset: int) -> list[str]:
        return [t.id for t in await store.turns(S1, after=offset)]

    assert await after(0) == ["t0", "t1", "t2", "open"]
    assert await after(2) == ["t0", "t1", "t2", "open"]
    assert await after(3) == ["t1", "t2", "open"]
    assert await after(9) == ["open"]
    assert [t.id for t in await store.turns(S1, at_most=2)] == ["t0", "t1"]


async def test_all_turns_are_read_page_by_page(store: Any) -> None:
    state = session()
    await store.create(state)
    await store.create(session("s2", user="bert"))
    for n, id in enumerate(("t9", "t1", "t5", "t0")):
        state = saved(state)
        await store.commit(state, finished(turn(id, key=f"k{n}" if n % 2 else None), first=1 + 3 * n, count=3))
        await store.accept(turn(id, session="s2"))
    await store.commit(saved(state), replace(turn("quiet"), said=()))
    await store.accept(turn("open"))

    async def since(id: str | None, at_most: int = 10) -> list[str]:
        return [t.id for t in await store.page(S1, None if id is None else TurnID(id), at_most)]

    assert await since(None) == ["t9", "t1", "t5", "t0", "quiet", "open"]
    assert await since(None, 2) == ["t9", "t1"]
    assert await since("t1", 2) == ["t5", "t0"]
    assert await since("t0") == ["quiet", "open"]
    assert await since("open") == []
    (whole,) = await store.page(S1, TurnID("t9"), 1)
    assert comparable(whole) == comparable(await store.turn(S1, id=TurnID("t1")))
    assert list(await store.page(SessionID("nobody"), None, 10)) == []


async def test_a_finished_turn_that_said_nothing_is_found_by_its_id_alone(store: Any) -> None:
    await store.create(session())
    await store.commit(saved(session()), replace(turn(), said=()))
    assert list(await store.turns(S1)) == []
    assert (await store.turn(S1, id=TurnID("t1"))).said == ()


async def test_a_turn_belongs_to_its_session(store: Any) -> None:
    await store.create(session("s1"))
    await store.create(session("s2", user="bert"))
    await store.accept(turn("t1", session="s1", key="k"))
    assert await store.turn(SessionID("s2"), id=TurnID("t1")) is None
    assert await store.turn(SessionID("s2"), key="k") is None
    await store.accept(turn("t1", session="s2"))
    assert (await store.turn(SessionID("s2"), id=TurnID("t1"))).key is None


async def test_sessions_and_unfinished_turns_outlive_the_process(reopen: Any) -> None:
    store = await reopen()
    await store.create(session())
    await store.commit(saved(session()), finished(turn("t1")))
    await store.accept(turn("t2", key="k"))
    store = await reopen()
    assert (await store.load(S1)).revision == 1
    assert [(t.id, t.said is None) for t in await store.turns(S1)] == [("t1", False), ("t2", True)]
    assert (await store.turn(S1, key="k")).id == "t2"
    await store.commit(session(revision=2), finished(turn("t2", key="k"), first=3))
    store = await reopen()
    assert [t.said is None for t in await store.turns(S1)] == [False, False]


async def test_what_was_asked_before_closing_is_saved_by_closing(reopen: Any) -> None:
    store = await reopen()
    store.create(session())
    for n in range(50):
        store.accept(turn(f"t{n}"))
    store = await reopen()
    assert len(await store.turns(S1)) == 50


async def test_what_a_turn_heard_is_kept_with_it(store: Any) -> None:
    await store.create(session())
    heard = b'{"clock":[1,2]}'
    await store.accept(turn("t1"))
    await store.commit(saved(session()), replace(finished(turn("t1")), heard=heard))
    await store.commit(saved(saved(session())), replace(finished(turn("t2"), 3), heard=heard))
    await store.commit(saved(saved(saved(session()))), finished(turn("t3"), 5))
    assert [kept.heard for kept in await store.turns("s1")] == [heard, heard, None]
    assert (await store.turn("s1", id="t1")).heard == heard
