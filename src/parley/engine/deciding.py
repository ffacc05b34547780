"""Which branch of a condition is taken where a language model decides some of them: it is asked once at most.

Source: engine, section 3 (condition-v3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from parley.domain.conditions import AllOf, AnyOf, Judged, Test
from parley.domain.prompt import Briefing
from parley.domain.steps import Branch
from parley.engine.conditions import holds
from parley.engine.judging import judge
from parley.engine.templates import render
from parley.engine.turn import Turn

Verdicts = Mapping[str, bool]
"""By statement."""


async def first_that_holds(branches: Sequence[Branch], briefing: Briefing, turn: Turn) -> Branch | None:
    """The first branch whose test holds. What the model leaves open does not hold.

    The model is asked when a branch needs it that no earlier one makes needless, about all that follow in one call.
    """
    for n, branch in enumerate(branches):
        known = _known(branch.test, {}, turn)
        if known is None:
            return await _ask_from(branches[n:], briefing, turn)
        if known:
            return branch
    return None


async def _ask_from(branches: Sequence[Branch], briefing: Briefing, turn: Turn) -> Branch | None:
    statements = list(dict.fromkeys(each for branch in branches for each in _statements(branch.test)))
    shown = [render(statement, turn.variables) for statement in statements]
    found = await judge(shown, briefing, turn)
    verdicts = {statement: found is not None and n in found for n, statement in enumerate(statements)}
    return next((branch for branch in branches if _known(branch.test, verdicts, turn)), None)


def _statements(test: Test) -> Iterator[str]:
    if isinstance(test, Judged):
        yield test.statement
    elif isinstance(test, AllOf | AnyOf):
        for each in test.tests:
            yield from _statements(each)


def _known(test: Test, verdicts: Verdicts, turn: Turn) -> bool | None:
    """Whether the test holds, by these verdicts; None where it depends on one that is not among them."""
    if isinstance(test, Judged):
        return verdicts.get(test.statement)
    if not isinstance(test, AllOf | AnyOf):
        return holds(test, turn)
    settles = isinstance(test, AnyOf)
    is_open = False
    for each in test.tests:
        known = _known(each, verdicts, turn)
        if known is settles:
            return settles
        is_open = is_open or known is None
    return None if is_open else not settles
