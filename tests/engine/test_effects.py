"""Doing something once: in which order things are made durable, and what is not done."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.a_turn import a_turn

from parley.backends.scripts.inline import InlineScripts
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.ids import StepID
from parley.engine.effects import UnknownOutcome, once
from parley.engine.world import World
from parley.errors import StoreUnavailable

STEP = StepID("step")


class Noted(MemoryEffects):
    """A ledger that notes when it is asked."""

    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self._noted = noted

    async def begin(self, *given: Any) -> Any:
        self._noted.append("begin")
        return await super().begin(*given)

    async def finish(self, *given: Any) -> None:
        self._noted.append("finish")
        await super().finish(*given)


def turn_in(effects: MemoryEffects, noted: list[str]) -> Any:
    """A turn, the same one each time."""
    turn, _ = a_turn()
    turn.world = World(InlineScripts(), ScriptedTools(), effects)

    async def durable() -> None:
        noted.append("durable")

    turn.durable = durable
    return turn


async def do_once(turn: Any, noted: list[str], asked: str = "GET x", *, is_idempotent: bool = False) -> bytes:
    async def do() -> bytes:
        noted.append("do")
        return b"done %d" % noted.count("do")

    return await once(turn, STEP, asked, do, is_idempotent=is_idempotent)


async def test_the_action_is_durable_and_the_beginning_written_before_anything_is_done() -> None:
    noted: list[str] = []
    assert await do_once(turn_in(Noted(noted), noted), noted) == b"done 1"
    assert noted == ["durable", "begin", "do", "finish"]


async def test_what_twice_does_no_harm_is_not_announced() -> None:
    noted: list[str] = []
    await do_once(turn_in(Noted(noted), noted), noted, is_idempotent=True)
    assert noted == ["durable", "do", "finish"]


async def test_nothing_is_done_for_an_action_that_could_be_lost() -> None:
    noted: list[str] = []
    turn = turn_in(Noted(noted), noted)

    async def full() -> None:
        raise StoreUnavailable("The disk is full.")

    turn.durable = full
    with pytest.raises(StoreUnavailable):
        await do_once(turn, noted)
    assert noted == []


async def test_a_turn_that_is_run_again_gets_what_it_had_in_order() -> None:
    effects, noted = MemoryEffects(), list[str]()
    first = turn_in(effects, noted)
    had = [await do_once(first, noted) for _ in range(3)]
    again = turn_in(effects, noted)
    assert [await do_once(again, noted, is_idempotent=n == 1) for n in range(3)] == had
    assert noted.count("do") == 3


async def test_what_was_begun_and_not_finished_is_unknown_unless_it_does_no_harm() -> None:
    effects, noted = MemoryEffects(), list[str]()

    async def crash() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await once(turn_in(effects, noted), STEP, "GET x", crash, is_idempotent=False)
    with pytest.raises(UnknownOutcome, match="unknown outcome"):
        await do_once(turn_in(effects, noted), noted)
    assert await do_once(turn_in(effects, noted), noted, is_idempotent=True) == b"done 1"


async def test_another_question_does_not_get_the_answer_to_the_first() -> None:
    effects, noted = MemoryEffects(), list[str]()
    await do_once(turn_in(effects, noted), noted, "GET x")
    with pytest.raises(UnknownOutcome):
        await do_once(turn_in(effects, noted), noted, "GET y")
