"""The condition step: the first branch that holds."""

from __future__ import annotations

from parley.domain.steps import Condition
from parley.engine.deciding import first_that_holds
from parley.engine.next import Goto, Next
from parley.engine.turn import Turn


async def branch(step: Condition, turn: Turn) -> Next:
    """Go the way of the first branch whose test holds, else on."""
    way = await first_that_holds(step.branches, step.briefing, turn)
    return Goto(step.then if way is None else way.then)
