"""What a client that comes back is told first: what it missed, or that it cannot be told without a hole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from parley.domain.transcript import Stated, Traced
from parley.errors import InvalidInput
from parley.session.handle import SessionHandle
from parley.session.house import House
from parley.session.outbox import Portion
from parley.session.showing import shown_state, shown_to_user

MOST_EMISSIONS = 2_000
MOST_BYTES = 2_000_000
"""More than this is not replayed: it would not fit into what may wait for one connection."""

Place = tuple[int, int]
"""An epoch and an offset."""


class Comeback(Struct, frozen=True):
    """`told` joins the answer to the client; what follows it comes after `offset` and begins with `missed`."""

    epoch: int
    offset: int
    told: dict[str, Any]
    missed: Sequence[Portion]


def last_place(wire: dict[str, Any]) -> Place | None:
    """Where the client says that it stands, None where it says nothing. Raises `InvalidInput`."""
    if wire.get("lastOffset") is None:
        return None
    return _whole(wire, "lastEpoch", 1), _whole(wire, "lastOffset")


async def comeback(session: SessionHandle, place: Place | None, house: House) -> Comeback:
    """How this client goes on with this session.

    Nothing may be awaited between this and following the session, or something might be missed.
    """
    if place is not None:
        missed = await session.since(*place)
        if missed is not None and _fits(missed):
            replayed = sum(_is_told(emission.body) for portion in missed for emission in portion.emissions)
            return Comeback(session.place()[0], place[1], {"replayed": replayed}, missed)
        return await _gap(session, house)
    epoch, offset = session.entry()
    return Comeback(epoch, offset, {}, await session.since(epoch, offset) or ())


async def _gap(session: SessionHandle, house: House) -> Comeback:
    """The client forgets what it has after `offset`; where that is told again, from there on it is whole."""
    state = session.state()
    agent = await house.catalog.agent(state.version)
    epoch, offset = session.footing()
    missed = await session.since(epoch, offset)
    if missed is None or not _fits(missed):
        missed = ()
        offset = session.place()[1]
    snapshot = shown_state(session.state(), agent.program, house.clock.now_ms())
    return Comeback(epoch, offset, {"gap": True, "snapshot": shown_to_user(session.state(), snapshot)}, missed)


def _fits(missed: Sequence[Portion]) -> bool:
    count = size = 0
    for portion in missed:
        count += len(portion.emissions)
        for emission in portion.emissions:
            body = emission.body
            size += 200 + (len(bytes(body.data)) if isinstance(body, Traced) else 0)
    return count <= MOST_EMISSIONS and size <= MOST_BYTES


def _is_told(body: Any) -> bool:
    """The state of a turn is for whoever asked for it."""
    return not isinstance(body, Stated)


def _whole(wire: dict[str, Any], name: str, default: int | None = None) -> int:
    value = wire.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInput.at(name, "whole number")
    return value
