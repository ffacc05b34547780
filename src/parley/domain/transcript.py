"""What leaves a session: numbered emissions, and the turns that caused them.

Every emission has `(epoch, offset)` in its session's one log (decisions, "Emissions, streams and coming back").
Offsets count from 1 without a gap. The epoch changes when numbers that were given out may be given out again
(a turn that is run again after a crash), so that a client that comes back can tell.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from parley.domain.ids import MessageID, SessionID, TurnID


class Traced(Struct, frozen=True, gc=False, tag_field="body", tag="traced"):
    """A trace; `data` is its JSON as every client gets it."""

    type: str
    data: Raw


class Stated(Struct, frozen=True, gc=False, tag_field="body", tag="stated"):
    """The conversation state after the turn, for clients that asked for it; `data` is its JSON."""

    data: Raw


class Completed(Struct, frozen=True, gc=False, tag_field="body", tag="completed"):
    """The turn is over and saved. `reason` is None, `interrupted`, or the limit that ended it."""

    message_id: MessageID
    reason: str | None = None


class Ended(Struct, frozen=True, gc=False, tag_field="body", tag="ended"):
    """The session is over. `reason`: see decisions, "Session end"."""

    reason: str


Body = Traced | Stated | Completed | Ended


class Emission(Struct, frozen=True, gc=False):
    """One thing that left a session.

    That an action was accepted or rejected is told to its sender alone and is not numbered: it is no part of what
    the session says.
    """

    offset: int
    turn: TurnID
    body: Body


class TurnConfig(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """How one turn's answer is shaped (decisions, "v4 bodies"; Conversations API, section 2.2).

    `context` is what models are told in this turn alone, `content` the parts that were sent, as they were (platform
    API, section 3.2).
    """

    exclude_types: frozenset[str] = frozenset()
    stop_types: frozenset[str] = frozenset()
    stop_all: bool = False
    self_delegate: bool = False
    strip_ssml: bool = True
    completion_events: bool = False
    audio_events: bool = False
    audio_encoding: str | None = None
    user_timezone: str | None = None
    state: bool = False
    logs: str | None = None
    concurrency: str | None = None
    context: str | None = None
    content: tuple[dict[str, Any], ...] = ()


class TurnRecord(Struct, frozen=True):
    """One turn as the store keeps it: the action, and once it is over what was said.

    `key` is the client's own name for the action (`Idempotency-Key` or `messageID`), None where it gave none.
    `action` is None for what the server does of itself (ending a session). `variables` are merged before the run.
    `heard` is what the turn got from the world, as JSON (`domain/recording.py`); None: nothing, or it is not kept.
    `said` is None while the turn is unfinished.
    """

    id: TurnID
    session: SessionID
    message_id: MessageID
    accepted_at: int
    key: str | None = None
    action: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None
    config: TurnConfig = TurnConfig()
    heard: bytes | None = None
    said: tuple[Emission, ...] | None = None


_EMISSIONS = msgspec.json.Decoder(tuple[Emission, ...])
_ENCODER = msgspec.json.Encoder()


def encode_emissions(said: tuple[Emission, ...]) -> bytes:
    """The emissions as the store keeps them."""
    return _ENCODER.encode(said)


def decode_emissions(data: bytes) -> tuple[Emission, ...]:
    """The inverse of `encode_emissions`."""
    return _EMISSIONS.decode(data)


def is_told_again(emission: Emission) -> bool:
    """Whether this is a trace that was said in an earlier turn: there it stands in the transcript, too."""
    if not isinstance(emission.body, Traced):
        return False
    data = bytes(emission.body.data)
    if data.endswith(b'"turnID":"%b"}' % emission.turn.encode()):
        return False
    return bool(msgspec.json.decode(data).get("turnID", emission.turn) != emission.turn)
