"""What became of an event that was sent into a session from outside (seed 000), as the turn that answers it tells.

An event is an action and waits its turn, where an injection is known to every turn; its receipt needs no record of its
own. Only events whose sender asked for a receipt have one: the key of their turn says so.
"""

from __future__ import annotations

import secrets

import msgspec
from msgspec import Struct

from parley.domain.ids import TurnID
from parley.domain.injection import InjectionStage
from parley.domain.transcript import Completed, Traced
from parley.errors import NotFound
from parley.session.answer import Answer
from parley.session.handle import OWN_KEY, SessionHandle
from parley.session.performance import SESSION_ENDED, stage_after

EVENT = f"{OWN_KEY}event "
"""How the keys of such turns begin; actions over sockets can have no such name."""


class Emitted(Struct, frozen=True):
    """A receipt. Its id is the turn's. Times are milliseconds since 1970."""

    turn: TurnID
    stage: InjectionStage
    received_at: int
    changed_at: int


def event_key(name: str | None) -> str:
    """The key of an event's turn; `name` is its sender's own name for it."""
    return EVENT + (name or secrets.token_hex(12))


async def emitted(session: SessionHandle, id: str) -> Emitted:
    """The receipt of an event. Raises `NotFound`, for other turns too."""
    try:
        answer = await session.answer(TurnID(id))
    except NotFound as error:
        raise NotFound("Injection not found.", code="no_injection") from error
    if not (answer.record.key or "").startswith(EVENT):
        raise NotFound("Injection not found.", code="no_injection")
    record = answer.record
    times = [_time(each.body) for each in answer.said if isinstance(each.body, Traced)]
    return Emitted(record.id, _stage(answer, session), record.accepted_at, max([record.accepted_at, *times]))


def _stage(answer: Answer, session: SessionHandle) -> InjectionStage:
    if not answer.is_over:
        return "accepted"
    if any(isinstance(each.body, Completed) and each.body.reason == SESSION_ENDED for each in answer.said):
        return "expired"
    return stage_after(answer.said, session.state())


def _time(trace: Traced) -> int:
    time = msgspec.json.decode(trace.data).get("time")
    return time if isinstance(time, int) else 0
