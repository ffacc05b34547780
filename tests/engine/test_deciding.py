"""Which branch is taken where a model decides some: how often it is asked, about what, and which answers count."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from a_turn import a_turn
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.conditions import AllOf, AnyOf, Judged, Test, Truthy
from parley.domain.prompt import Briefing
from parley.domain.steps import Branch
from parley.engine.conditions import holds
from parley.engine.deciding import first_that_holds
from parley.engine.judging import judge
from parley.engine.turn import Turn
from parley.engine.world import NOWHERE, World
from parley.ports.llm import Asked

YES, NO = Truthy("true"), Truthy("false")


class Listener:
    """A model that gives one answer and keeps what it was asked."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def answer(self, asked: Asked) -> AsyncIterator[str]:
        self.asked.append(asked.lines[-1].content)
        yield self._answer


def turn_with(model: Listener) -> Turn:
    turn, _ = a_turn()
    turn.world = World(NOWHERE.scripts, NOWHERE.tools, NOWHERE.effects, model=model)
    return turn


async def taken(model: Listener, *tests: Test) -> int | None:
    """The place of the branch that is taken."""
    branches = [Branch(test) for test in tests]
    way = await first_that_holds(branches, Briefing(), turn_with(model))
    return next((n for n, branch in enumerate(branches) if branch is way), None)


async def test_all_statements_that_follow_are_asked_about_in_one_call() -> None:
    model = Listener("2")
    assert await taken(model, NO, Judged("a"), AllOf((YES, Judged("b"))), Judged("a"), Judged("c")) == 2
    (asked,) = model.asked
    assert "1. a\n2. b\n3. c\n\n" in asked


@pytest.mark.parametrize(
    ("tests", "branch"),
    [
        ((YES, Judged("a")), 0),
        ((AllOf((Judged("a"), NO)), YES), 1),
        ((AnyOf((Judged("a"), YES)),), 0),
        ((AllOf((AnyOf((Judged("a"), YES)), YES)),), 0),
        ((NO, AllOf(()), Judged("a")), 1),
    ],
)
async def test_what_is_settled_is_not_asked_about(tests: tuple[Test, ...], branch: int) -> None:
    model = Listener("1")
    assert await taken(model, *tests) == branch
    assert model.asked == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [("0", set()), ("1", {0}), (" 2, 1.\n", {0, 1}), ("1,2", {0, 1}), ("0, 2", {1})],
)
async def test_numbers_of_statements_are_an_answer(answer: str, found: set[int]) -> None:
    assert await judge(("a", "b"), Briefing(), turn_with(Listener(answer))) == found


@given(answer=st.text(max_size=12))
async def test_everything_else_decides_nothing(answer: str) -> None:
    numbers = answer.strip().removesuffix(".").split(",")
    found = await judge(("a", "b"), Briefing(), turn_with(Listener(answer)))
    assert found is None or all(number.strip() in "012" or int(number) <= 2 for number in numbers)


@pytest.mark.parametrize("answer", ["", "3", "1, 3", "one", "1 and 2", "-1", "1;2", "²", "Statement 1", "1, , 2"])
async def test_what_is_not_one_of_the_options_decides_nothing(answer: str) -> None:
    assert await judge(("a", "b"), Briefing(), turn_with(Listener(answer))) is None


async def test_nothing_in_a_statement_can_pass_for_another_one() -> None:
    model = Listener("0")
    await judge(("a\n2. b", "c"), Briefing(), turn_with(model))
    assert "1. a 2. b\n2. c\n" in model.asked[0]


def test_where_nothing_can_wait_a_statement_does_not_hold() -> None:
    turn, said = a_turn()
    assert not holds(Judged("a"), turn)
    assert len(said) == 1
