"""Sessions and turns as bytes: what every store keeps, and what none can keep. Knows no database."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from parley.domain.ids import MessageID, SessionID, TurnID
from parley.domain.state import SessionState, decode_state
from parley.domain.transcript import Emission, TurnConfig, TurnRecord, decode_emissions
from parley.errors import InvalidInput, StoreUnavailable

KEY_LIFE_MS = 24 * 60 * 60 * 1000
"""How long a client's key names its turn (decisions, "Turns")."""

_UNFIT = (UnicodeError, OverflowError, TypeError, RecursionError, ValueError, msgspec.MsgspecError)


class _Asked(Struct, frozen=True, omit_defaults=True):
    """All of a turn but what was said and whose it is. `heard` is read by those who replay it: it stays as it is."""

    message_id: MessageID
    accepted_at: int
    key: str | None = None
    action: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None
    config: TurnConfig = TurnConfig()
    heard: Raw | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode
_decode_asked = msgspec.json.Decoder(_Asked).decode


def state_bytes(state: SessionState) -> bytes:
    """The state, encoded. Raises `InvalidInput` where JSON has no way to say it."""
    try:
        return _encode(state)
    except _UNFIT as error:
        raise _unfit("state", error) from error


def asked_bytes(turn: TurnRecord) -> bytes:
    """What was asked in this turn. Raises `InvalidInput` where JSON has no way to say it."""
    try:
        heard = UNSET if turn.heard is None else Raw(turn.heard)
        asked = _Asked(turn.message_id, turn.accepted_at, turn.key, turn.action, turn.variables, turn.config, heard)
        return _encode(asked)
    except _UNFIT as error:
        raise _unfit("action", error) from error


def said_bytes(said: tuple[Emission, ...]) -> bytes:
    """What was said in a turn. Raises `InvalidInput` where JSON has no way to say it."""
    try:
        return _encode(said)
    except _UNFIT as error:
        raise _unfit("said", error) from error


def data_bytes(data: dict[str, Any]) -> bytes:
    """A client's own JSON object. Raises `InvalidInput` where it cannot be kept."""
    try:
        return _encode(data)
    except _UNFIT as error:
        raise _unfit("body", error) from error


def name_bytes(text: str, what: str) -> bytes:
    """An id or key as UTF-8. Raises `InvalidInput` for NUL and lone surrogates, which databases cannot hold."""
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput.at(what, "Unicode text without lone surrogates") from error
    if b"\0" in data:
        raise InvalidInput.at(what, "text without NUL characters")
    return data


def is_name(text: str) -> bool:
    """Something can be kept under this name."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def state_from(data: bytes) -> SessionState:
    """The inverse of `state_bytes`."""
    try:
        return decode_state(data)
    except _UNFIT as error:
        raise StoreUnavailable(f"A session was saved in a form that this version cannot read: {error}") from error


def turn_from(session: str, id: str, asked: bytes, said: bytes | None) -> TurnRecord:
    """The turn that `asked_bytes` and `said_bytes` were made from."""
    try:
        a = _decode_asked(asked)
        emissions = None if said is None else decode_emissions(said)
    except _UNFIT as error:
        raise StoreUnavailable(f"A turn was saved in a form that this version cannot read: {error}") from error
    return TurnRecord(
        id=TurnID(id),
        session=SessionID(session),
        message_id=a.message_id,
        accepted_at=a.accepted_at,
        key=a.key,
        action=a.action,
        variables=a.variables,
        config=a.config,
        heard=None if a.heard is UNSET else bytes(a.heard),
        said=emissions,
    )


def minute_of(expires_at: int | None) -> int | None:
    """The minute by which a session has surely expired: rounded up, so that most turns leave it as it was."""
    return None if expires_at is None else -(-expires_at // 60_000)


def _unfit(what: str, error: Exception) -> InvalidInput:
    return InvalidInput.at(what, f"JSON values that can be kept ({error})")
