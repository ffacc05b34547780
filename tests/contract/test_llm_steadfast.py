"""Several models as one: tried again, replaced, and never saying anything twice."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from tests.contract.llm_clients import Heard, hear

from parley.backends.clock import StillClock
from parley.backends.llm.scripted import ScriptedModel, script_of
from parley.backends.llm.steadfast import Named, Patience, Steadfast
from parley.domain.prompt import ModelSettings
from parley.ports.llm import Asked, LanguageModel, Line, ModelUnavailable, Thought

HI = Asked((Line("user", "Hi"),))


def asks(model: str) -> Asked:
    return Asked(HI.lines, settings=ModelSettings(model=model))


class Slept(StillClock):
    """A clock that remembers how long it was slept on, and lets no one wait."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.advance(seconds)


def scripted(fails: str = "", answer: str = "Fine.") -> ScriptedModel:
    return script_of(f"- {{answer: {answer}{fails and f', fails: {fails}'}}}")


def steadfast(clock: Any, *models: LanguageModel, **more: Any) -> Steadfast:
    named = [Named(name, model) for name, model in zip(("first", "second", "third"), models, strict=False)]
    return Steadfast(named, clock, random=Random(7), **more)


async def test_a_passing_failure_is_tried_again_and_told() -> None:
    clock = Slept()
    heard = await hear(steadfast(clock, scripted("{kind: unavailable, times: 2}")), HI)
    assert heard.text == "Fine."
    assert ["asked again" in notice for notice in heard.notices] == [True, True]
    assert all(0 <= slept <= bound for slept, bound in zip(clock.slept, (0.5, 1.0), strict=True))


async def test_the_waits_are_spread_by_chance_within_bounds_that_double() -> None:
    longest = [0.0] * 4
    for seed in range(200):
        clock = Slept()
        model = Steadfast(
            [Named("it", scripted("{kind: unavailable, times: 4}"))],
            clock,
            patience=Patience(tries=5, base=1, longest=4),
            random=Random(seed),
        )
        await hear(model, HI)
        longest = [max(a, b) for a, b in zip(longest, clock.slept, strict=True)]
    for reached, bound in zip(longest, (1, 2, 4, 4), strict=True):
        assert bound * 0.9 < reached <= bound


@pytest.mark.parametrize("kind", ["unauthorized", "refused", "filtered", "malformed"])
async def test_what_does_not_pass_is_not_tried_again(kind: str) -> None:
    clock = Slept()
    with pytest.raises(ModelUnavailable) as failed:
        await hear(steadfast(clock, scripted(f"{{kind: {kind}, times: 1}}")), HI)
    assert failed.value.failure == kind
    assert clock.slept == []


async def test_the_tries_come_to_an_end() -> None:
    clock = Slept()
    with pytest.raises(ModelUnavailable):
        await hear(steadfast(clock, scripted("{kind: rate_limited}")), HI)
    assert len(clock.slept) == 2


async def test_the_provider_says_how_long_to_wait() -> None:
    clock = Slept()
    await hear(steadfast(clock, scripted("{kind: rate_limited, retry_after: 9, times: 1}")), HI)
    assert 9 <= clock.slept[0] <= 9.5


async def test_nobody_is_waited_for_too_long() -> None:
    clock = Slept()
    with pytest.raises(ModelUnavailable) as failed:
        await hear(steadfast(clock, scripted("{kind: rate_limited, retry_after: 60, times: 1}")), HI)
    assert (clock.slept, failed.value.retry_after) == ([], 60)


async def test_nothing_is_said_twice() -> None:
    clock = Slept()
    heard: list[str] = []
    model = steadfast(clock, scripted("{kind: cut, after: 1, times: 1}", "One two."), scripted())
    with pytest.raises(ModelUnavailable):
        async for piece in model.answer(HI):
            heard.append(str(piece))
    assert heard == ["One "]


async def test_thoughts_are_pieces_too() -> None:
    class Thinks:
        async def answer(self, asked: Asked) -> Any:
            yield Thought("Hm.")
            raise ModelUnavailable("gone", "cut")

    with pytest.raises(ModelUnavailable):
        await hear(steadfast(Slept(), Thinks(), scripted()), HI)


@pytest.mark.parametrize("kind", ["unavailable", "timeout", "unauthorized", "refused", "malformed"])
async def test_another_model_takes_over_and_that_is_told(kind: str) -> None:
    heard = await hear(steadfast(Slept(), scripted(f"{{kind: {kind}}}"), scripted(answer="Second.")), HI)
    assert heard.text == "Second."
    assert heard.notices[-1].endswith("second is asked instead")


async def test_what_one_model_may_not_answer_no_other_is_asked() -> None:
    with pytest.raises(ModelUnavailable) as failed:
        await hear(steadfast(Slept(), scripted("{kind: filtered}"), scripted()), HI)
    assert failed.value.failure == "filtered"


async def test_with_another_model_at_hand_a_silent_or_late_one_is_not_waited_for() -> None:
    for fails in ("{kind: timeout}", "{kind: rate_limited, retry_after: 5}"):
        clock = Slept()
        assert (await hear(steadfast(clock, scripted(fails), scripted(answer="Second.")), HI)).text == "Second."
        assert clock.slept == []


async def test_a_model_that_failed_is_asked_last_for_a_while() -> None:
    clock = Slept()
    model = steadfast(clock, scripted("{kind: timeout, times: 1}", "First."), scripted(answer="Second."))
    said = [(await hear(model, HI)).text for _ in range(2)]
    await clock.advance(31)
    said.append((await hear(model, HI)).text)
    assert said == ["Second.", "Second.", "First."]


async def test_the_last_failure_is_the_one_that_is_told() -> None:
    with pytest.raises(ModelUnavailable) as failed:
        await hear(steadfast(Slept(), scripted("{kind: unavailable}"), scripted("{kind: unauthorized}")), HI)
    assert failed.value.failure == "unauthorized"


async def test_an_agent_chooses_by_name() -> None:
    model = Steadfast([Named("a", scripted(answer="A.")), Named("openai:b", scripted(answer="B."))], Slept())
    assert (await hear(model, asks("openai:b"))).text == "B."
    assert (await hear(model, asks("b"))).text == "B."


async def test_a_name_that_nobody_knows_is_told_and_the_first_one_asked() -> None:
    heard = await hear(steadfast(Slept(), scripted()), asks("gpt-nine"))
    assert heard.text == "Fine."
    assert heard.notices == ["there is no model 'gpt-nine' here; first is asked instead"]


async def test_an_address_is_found_and_falls_back_to_those_that_are_configured() -> None:
    found = {"openai:x": scripted(answer="X."), "openai:y": scripted("{kind: refused}")}
    model = steadfast(Slept(), scripted(), find=found.get)
    assert (await hear(model, asks("openai:x"))).text == "X."
    assert (await hear(model, asks("openai:y"))).text == "Fine."


async def test_who_gives_up_while_it_waits_stops_it() -> None:
    clock = StillClock()
    asking: asyncio.Task[Heard] = asyncio.create_task(hear(steadfast(clock, scripted("{kind: unavailable}")), HI))
    while not clock.sleepers:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert clock.sleepers == 0
