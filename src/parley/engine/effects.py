"""Doing something to the world once, also in a turn that is run again after a crash.

Source: decisions, "Turns": the action is durable before anything is done; results are recorded as they arrive and used
again; what was begun and has no result is not repeated, unless doing it twice does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from parley.domain.ids import StepID
from parley.engine.turn import Turn
from parley.errors import ParleyError
from parley.ports.effects import Effect, EffectName


class UnknownOutcome(ParleyError):
    """unknown outcome: it was begun before a crash, and nobody knows whether it was done"""

    code = "unknown_outcome"


async def once(
    turn: Turn, step: StepID, asked: str, do: Callable[[], Awaitable[bytes]], *, is_idempotent: bool
) -> bytes:
    """Do it and return its outcome, or the outcome of the time before. `asked` tells one thing from another.

    Raises `UnknownOutcome`, `StoreUnavailable`, and what `do` raises.
    """
    effects = turn.world.effects
    name = EffectName(turn.state.id, turn.id, turn.effect(step))
    digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:32]
    await turn.durable()
    known = await (effects.find(name) if is_idempotent else effects.begin(name, digest))
    if known is not None and known.asked == digest and known.outcome is not None:
        return known.outcome
    if known is not None and not is_idempotent:
        raise UnknownOutcome(UnknownOutcome.__doc__ or "")
    outcome = await do()
    await effects.finish(name, Effect(digest, outcome))
    return outcome
