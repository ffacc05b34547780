"""The random step: one of its ways, by chance."""

from __future__ import annotations

from parley.domain.steps import Random
from parley.engine.next import Goto, Next
from parley.engine.saying import RANDOMS
from parley.engine.stored import stored
from parley.engine.turn import Turn


def go_randomly(step: Random, turn: Turn) -> Next:
    """Go one of the ways; with `exhausts` none twice before each was gone, then all of them anew."""
    if not step.ways:
        return Goto(step.then)
    free = list(range(len(step.ways)))
    if not step.exhausts:
        return Goto(step.ways[turn.random.choice(free)])
    storage = turn.state.storage
    used = storage.get(RANDOMS)
    if not isinstance(used, dict):
        used = storage[RANDOMS] = {}
    gone = stored(used, step.id, list[int]) or []
    left = [n for n in free if n not in gone]
    if not left:
        left, gone = free, []
    way = turn.random.choice(left)
    used[step.id] = [*gone, way]
    return Goto(step.ways[way])
