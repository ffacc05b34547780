"""The condition step: the first branch that holds."""

from __future__ import annotations

from parley.domain.steps import Condition
from parley.engine.conditions import holds
from parley.engine.next import Goto, Next
from parley.engine.turn import Turn


def branch(step: Condition, turn: Turn) -> Next:
    """Go the way of the first branch whose test holds, else on."""
    return Goto(next((way.then for way in step.branches if holds(way.test, turn)), step.then))
