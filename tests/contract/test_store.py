"""What every store promises (ports/store.py)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from parley.domain.ids import ProjectID, SessionID, UserID
from parley.errors import Conflict, InvalidInput

from .nouns import DAY, NOW, comparable, finished, saved, session, turn

S1 = SessionID("s1")
SHOP, ANNA = ProjectID("shop"), UserID("anna")
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


async def test_a_session_comes_back_as_it_was_created(store: Any) -> None:
    state = session(variables={"name": "Zoë", "n": 3, "list": [1, None, {"a": True}], "big": 2**70}, expires_at=NOW + 1)
    await store.create(state)
    assert await store.load(S1) == state


async def test_what_is_loaded_is_the_callers_own(store: Any) -> None:
    await store.create(session(variables={"a": [1]}))
    (await store.load(S1)).variables["a"].append(2)
    assert (await store.load(S1)).variables == {"a": [1]}


async def test_the_state_is_read_before_the_call_returns(store: Any) -> None:
    state = session(variables={"a": 1})
    created = store.create(state)
    state.variables["a"] = 2
    await created
    later = saved(state)
    committed = store.commit(later, finished(turn(action={"type": "text", "payload": "x"})))
    later.variables["a"] = 3
    await committed
    assert (await store.load(S1)).variables == {"a": 2}


async def test_nothing_is_found_where_nothing_is(store: Any) -> None:
    assert await store.load(S1) is None
    assert await store.latest(SHOP, ANNA) is None
    assert await store.turn(S1, id="t1") is None
    assert await store.turn(S1, key="k") is None
    assert list(await store.turns(S1)) == []
    assert list(await store.expired(NOW, 10)) == []


async def test_a_user_has_one_live_session_a_project(store: Any) -> None:
    await store.create(session("s1"))
    with pytest.raises(Conflict):
        await store.create(session("s2"))
    await store.create(session("s3", project="other"))
    await store.create(session("s4", user="bert"))
    assert await store.load(SessionID("s2")) is None


async def test_two_creations_at_once_leave_one_session(store: Any) -> None:
    both = await asyncio.gather(store.create(session("s1")), store.create(session("s2")), return_exceptions=True)
    assert both[0] is None
    assert isinstance(both[1], Conflict)
    assert (await store.latest(SHOP, ANNA)).id == "s1"


async def test_after_the_end_the_user_may_have_another_session(store: Any) -> None:
    await store.create(session("s1"))
    await store.commit(saved(session("s1"), ended="replaced"), finished(turn()))
    await store.create(session("s2"))
    assert (await store.latest(SHOP, ANNA)).id == "s2"
    assert (await store.load(S1)).ended == "replaced"


async def test_end_and_new_session_may_be_asked_for_in_one_breath(store: Any) -> None:
    await store.create(session("s1"))
    ended = store.commit(saved(session("s1"), ended="replaced"), finished(turn()))
    created = store.create(session("s2"))
    await asyncio.gather(ended, created)
    assert (await store.latest(SHOP, ANNA)).id == "s2"


async def test_a_whole_life_may_be_asked_for_in_one_breath(store: Any) -> None:
    state = session("s1")
    asked = [store.create(state)]
    for n in range(1, 6):
        record = turn(f"t{n}", key=f"k{n}")
        state = saved(state, next_offset=2 * n + 1)
        asked += [store.accept(record), store.commit(state, finished(record, first=2 * n - 1))]
    await asyncio.gather(*asked)
    assert (await store.load(S1)).revision == 5
    assert [t.id for t in await store.turns(S1)] == ["t1", "t2", "t3", "t4", "t5"]


async def test_calls_take_effect_in_their_order(store: Any) -> None:
    outcomes = await asyncio.gather(
        store.accept(turn("t1")), store.create(session()), store.accept(turn("t2")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Conflict, type(None), type(None)]
    assert [t.id for t in await store.turns(S1)] == ["t2"]


async def test_a_stale_revision_is_refused_and_changes_nothing(store: Any) -> None:
    await store.create(session())
    await store.commit(saved(session(), variables={"by": "first"}), finished(turn("t1")))
    with pytest.raises(Conflict):
        await store.commit(saved(session(), variables={"by": "second"}), finished(turn("t2")))
    assert (await store.load(S1)).variables == {"by": "first"}
    assert await store.turn(S1, id="t2") is None


async def test_of_two_owners_at_once_the_second_is_refused(store: Any) -> None:
    await store.create(session())
    both = await asyncio.gather(
        store.commit(saved(session(), variables={"by": "first"}), finished(turn("t1"))),
        store.commit(saved(session(), variables={"by": "second"}), finished(turn("t2"))),
        return_exceptions=True,
    )
    assert both[0] is None
    assert isinstance(both[1], Conflict)
    assert (await store.load(S1)).variables == {"by": "first"}


async def test_a_revision_from_the_future_is_refused(store: Any) -> None:
    await store.create(session())
    with pytest.raises(Conflict):
        await store.commit(session(revision=2), finished(turn()))


async def test_an_unknown_session_is_neither_saved_nor_spoken_to(store: Any) -> None:
    with pytest.raises(Conflict):
        await store.commit(saved(session()), finished(turn()))
    with pytest.raises(Conflict):
        await store.accept(turn())
    assert await store.load(S1) is None
    assert await store.turn(S1, id="t1") is None


async def test_a_turn_may_be_accepted_and_committed_later(store: Any) -> None:
    await store.create(session())
    await store.accept(turn(key="k"))
    assert (await store.turn(S1, id="t1")).said is None
    await store.commit(saved(session()), finished(turn(key="k")))
    assert comparable(await store.turn(S1, id="t1")) == comparable(finished(turn(key="k")))


async def test_a_turn_is_saved_once(store: Any) -> None:
    await store.create(session())
    await store.commit(saved(session()), finished(turn()))
    with pytest.raises(Conflict):
        await store.commit(session(revision=2), finished(turn(), first=5))
    with pytest.raises(Conflict):
        await store.accept(turn())
    assert (await store.load(S1)).revision == 1
    assert (await store.turn(S1, id="t1")).said[0].offset == 1


async def test_a_key_names_one_turn_a_session(store: Any) -> None:
    for id, user in (("s1", "anna"), ("s2", "bert")):
        await store.create(session(id, user=user))
    await store.accept(turn("t1", key="k"))
    with pytest.raises(Conflict):
        await store.accept(turn("t2", key="k"))
    with pytest.raises(Conflict):
        await store.commit(saved(session()), finished(turn("t3", key="k")))
    await store.accept(turn("t1", session="s2", key="k"))
    assert (await store.turn(S1, key="k")).id == "t1"
    assert (await store.load(S1)).revision == 0


async def test_of_two_accepts_with_one_key_the_second_is_refused_alone(store: Any) -> None:
    await store.create(session())
    outcomes = await asyncio.gather(
        store.accept(turn("t1", key="k")),
        store.accept(turn("t2", key="k")),
        store.accept(turn("t3", key="other")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    assert [t.id for t in await store.turns(S1)] == ["t1", "t3"]


async def test_a_key_is_free_again_after_a_day(store: Any, clock: Any) -> None:
    await store.create(session())
    await store.accept(turn("t1", key="k"))
    await clock.advance(DAY / 1000 - 1)
    assert (await store.turn(S1, key="k")).id == "t1"
    with pytest.raises(Conflict):
        await store.accept(turn("t2", key="k", accepted_at=NOW + DAY - 1))
    await clock.advance(1)
    assert await store.turn(S1, key="k") is None
    await store.accept(turn("t3", key="k", accepted_at=NOW + DAY))
    assert (await store.turn(S1, key="k")).id == "t3"
    assert (await store.turn(S1, id="t1")).key == "k"


async def test_forgetting_leaves_nothing_of_the_user_and_all_of_the_others(store: Any) -> None:
    await store.create(session("s1"))
    await store.commit(saved(session("s1"), ended="replaced"), finished(turn("t1")))
    await store.create(session("s2", expires_at=NOW))
    await store.accept(turn("t2", session="s2", key="k"))
    await store.create(session("s3", user="bert", expires_at=NOW))
    await store.accept(turn("t3", session="s3"))
    await store.forget(SHOP, ANNA)
    for gone in ("s1", "s2"):
        assert await store.load(SessionID(gone)) is None
        assert list(await store.turns(SessionID(gone))) == []
    assert await store.latest(SHOP, ANNA) is None
    assert await store.turn(SessionID("s2"), key="k") is None
    assert list(await store.expired(NOW + 60_000, 10)) == ["s3"]
    assert len(await store.turns(SessionID("s3"))) == 1
    await store.create(session("s4"))


async def test_a_commit_after_forgetting_is_refused(store: Any) -> None:
    await store.create(session())
    await store.forget(SHOP, ANNA)
    with pytest.raises(Conflict):
        await store.commit(saved(session()), finished(turn()))
    assert await store.load(S1) is None


async def test_expired_sessions_are_found_oldest_first_and_at_most_a_minute_late(store: Any) -> None:
    for id, minutes in (("s1", 3), ("s2", 1), ("s3", 2), ("s4", 9)):
        await store.create(session(id, user=id, expires_at=NOW + minutes * 60_000 - 30_000))
    await store.create(session("never", user="never"))
    assert list(await store.expired(NOW, 10)) == []
    assert list(await store.expired(NOW + 3 * 60_000 + 60_000, 10)) == ["s2", "s3", "s1"]
    assert list(await store.expired(NOW + 3 * 60_000 + 60_000, 2)) == ["s2", "s3"]


async def test_no_session_expires_early_and_expiry_moves_with_the_session(store: Any) -> None:
    state = session(expires_at=NOW + 30_000)
    await store.create(state)
    assert list(await store.expired(NOW + 29_999, 10)) == []
    await store.commit(saved(state, expires_at=NOW + 10 * 60_000), finished(turn()))
    assert list(await store.expired(NOW + 5 * 60_000, 10)) == []
    assert list(await store.expired(NOW + 11 * 60_000, 10)) == ["s1"]


async def test_ended_sessions_do_not_expire(store: Any) -> None:
    state = session(expires_at=NOW)
    await store.create(state)
    await store.commit(saved(state, ended="ended_by_client"), finished(turn()))
    assert list(await store.expired(NOW + 120_000, 10)) == []


async def test_a_megabyte_of_variables_is_kept(store: Any) -> None:
    state = session(variables={f"v{n}": "é" * 5000 for n in range(100)})
    await store.create(state)
    state = saved(state, variables=state.variables | {"last": "x" * 100_000})
    await store.commit(state, finished(turn(), count=200))
    assert await store.load(S1) == state


@pytest.mark.parametrize("text", ["ünï \U0001f600", "", "a'b\"c;--", "=", "#t1", "x" * 2000, "\u2028\u202e"])
async def test_any_unicode_names_users_and_keys(store: Any, text: str) -> None:
    await store.create(session(user=text, project=text + "p"))
    await store.accept(turn(key=text))
    assert (await store.latest(ProjectID(text + "p"), UserID(text))).id == "s1"
    assert (await store.turn(S1, key=text)).id == "t1"


async def test_a_key_is_never_taken_for_a_turns_id(store: Any) -> None:
    await store.create(session())
    await store.accept(turn("t1"))
    assert await store.turn(S1, key="t1") is None
    await store.accept(turn("t2", key="t1"))
    assert (await store.turn(S1, key="t1")).id == "t2"


async def test_nul_inside_of_values_is_kept(store: Any) -> None:
    await store.create(session(variables={"a\0b": "\0"}))
    await store.accept(turn(action={"type": "text", "payload": "\0"}))
    assert (await store.load(S1)).variables == {"a\0b": "\0"}
    assert (await store.turn(S1, id="t1")).action["payload"] == "\0"


@pytest.mark.parametrize("name", ["nul\0", "\ud800"])
async def test_names_that_a_database_cannot_hold_are_refused(store: Any, name: str) -> None:
    with pytest.raises(InvalidInput, match="userID"):
        await store.create(session(user=name))
    await store.create(session())
    with pytest.raises(InvalidInput, match="key"):
        await store.accept(turn(key=name))
    with pytest.raises(InvalidInput, match="key"):
        await store.commit(saved(session()), finished(turn(key=name)))
    assert await store.latest(SHOP, UserID(name)) is None
    assert await store.turn(S1, key=name) is None
    await store.forget(SHOP, UserID(name))


@pytest.mark.parametrize("value", ["\ud800", object(), DEEP], ids=["surrogate", "object", "too deep"])
async def test_values_that_json_cannot_say_are_refused_and_change_nothing(store: Any, value: Any) -> None:
    with pytest.raises(InvalidInput):
        await store.create(session(variables={"v": value}))
    await store.create(session())
    with pytest.raises(InvalidInput):
        await store.accept(turn(action={"type": "text", "payload": value}))
    with pytest.raises(InvalidInput):
        await store.commit(saved(session(), variables={"v": value}), finished(turn()))
    await store.commit(saved(session()), finished(turn()))
    assert len(await store.turns(S1)) == 1


async def test_a_failure_nobody_waits_for_is_not_complained_about(store: Any) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    refused = store.accept(turn())
    await store.create(session())
    del refused
    assert complaints == []


async def test_one_who_stops_waiting_does_not_stop_the_write(store: Any) -> None:
    await store.create(session())
    waiting = asyncio.ensure_future(store.accept(turn("t1")))
    other = store.accept(turn("t2"))
    waiting.cancel()
    await other
    assert [t.id for t in await store.turns(S1)] == ["t1", "t2"]


async def test_many_sessions_at_once(store: Any) -> None:
    states = [session(f"s{n}", user=f"u{n}") for n in range(300)]
    await asyncio.gather(*(store.create(state) for state in states))
    for round_ in range(1, 4):
        states = [saved(state) for state in states]
        records = [finished(turn(f"t{round_}-{s.id}", session=s.id), first=2 * round_ - 1) for s in states]
        await asyncio.gather(*(store.commit(s, r) for s, r in zip(states, records, strict=True)))
    assert all([(await store.load(s.id)) == s for s in states])
    assert [len(await store.turns(s.id)) for s in states] == [3] * 300


async def test_the_probe_answers(store: Any) -> None:
    await store.check()


async def test_closing_twice_is_fine(store: Any) -> None:
    await store.close()
    await store.close()
