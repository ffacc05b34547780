"""What every store's ledger of effects promises (ports/effects.py)."""

from __future__ import annotations

from typing import Any

from tests.contract.nouns import session

from parley.domain.ids import ProjectID, SessionID, TurnID, UserID
from parley.ports.effects import Effect, EffectName


def name(effect: str = "t1:step:1", turn: str = "t1", session: str = "s1") -> EffectName:
    return EffectName(SessionID(session), TurnID(turn), effect)


async def test_a_new_effect_is_begun_and_then_known(store: Any) -> None:
    assert await store.effects.find(name()) is None
    assert await store.effects.begin(name(), "digest") is None
    assert await store.effects.begin(name(), "other") == Effect("digest")
    assert await store.effects.find(name()) == Effect("digest")


async def test_an_outcome_is_found_again_byte_for_byte(store: Any) -> None:
    await store.effects.begin(name(), "digest")
    await store.effects.finish(name(), Effect("digest", b"\x00\xff body"))
    assert await store.effects.begin(name(), "digest") == Effect("digest", b"\x00\xff body")
    assert await store.effects.find(name()) == Effect("digest", b"\x00\xff body")


async def test_the_first_outcome_stays(store: Any) -> None:
    await store.effects.finish(name(), Effect("digest", b"first"))
    await store.effects.finish(name(), Effect("digest", b"second"))
    assert await store.effects.find(name()) == Effect("digest", b"first")


async def test_an_outcome_may_come_without_a_beginning(store: Any) -> None:
    await store.effects.finish(name(), Effect("digest", b""))
    assert await store.effects.find(name()) == Effect("digest", b"")


async def test_effects_are_told_apart_by_name_turn_and_session(store: Any) -> None:
    await store.effects.begin(name(), "digest")
    for other in (name("t1:step:2"), name(turn="t2"), name(session="s2")):
        assert await store.effects.begin(other, "digest") is None


async def test_settling_a_turn_forgets_it_and_those_before_it(store: Any) -> None:
    for turn in ("t1", "t2", "t3"):
        await store.effects.begin(name(turn=turn), "digest")
    await store.effects.begin(name(session="s2"), "digest")
    await store.effects.settle(SessionID("s1"), TurnID("t2"))
    found = [await store.effects.find(name(turn=turn)) for turn in ("t1", "t2", "t3")]
    assert found == [None, None, Effect("digest")]
    assert await store.effects.find(name(session="s2")) == Effect("digest")


async def test_forgetting_a_user_forgets_what_was_done_for_them(store: Any) -> None:
    await store.create(session())
    await store.effects.finish(name(), Effect("digest", b"their address"))
    await store.effects.finish(name(session="s2"), Effect("digest", b"somebody else's"))
    await store.forget(ProjectID("shop"), UserID("anna"))
    assert await store.effects.find(name()) is None
    assert await store.effects.find(name(session="s2")) is not None


async def test_effects_outlive_the_process(reopen: Any) -> None:
    store = await reopen()
    await store.effects.begin(name(), "digest")
    await store.effects.finish(name("t1:step:2"), Effect("digest", b"done"))
    again = await reopen()
    assert await again.effects.find(name()) == Effect("digest")
    assert await again.effects.find(name("t1:step:2")) == Effect("digest", b"done")
