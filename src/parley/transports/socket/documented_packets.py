"""What dialect A says, as ready packets. Knows no connection."""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.transcript import Completed, Emission, Ended, Traced
from parley.session.outbox import Portion
from parley.transports.socketio.packets import encode_event

_encode = msgspec.json.Encoder().encode


def packets_of(portion: Portion, epoch: int) -> list[bytes]:
    """A portion of the session's log; what this dialect has no word for is left out."""
    message = _encode(portion.message)
    return [packet for emission in portion.emissions if (packet := _packet(emission, message, epoch)) is not None]


def accepted(message: str) -> bytes:
    """An action is taken."""
    return b'42["action.status",{"status":"accepted","messageID":%b}]' % _encode(message)


def _packet(emission: Emission, message: bytes, epoch: int) -> bytes | None:
    body = emission.body
    match body:
        case Traced():
            trace = bytes(body.data)
            return b'42["action.trace",{"trace":%b,"messageID":%b,"epoch":%d,"offset":%d}]' % (
                trace,
                message,
                epoch,
                emission.offset,
            )
        case Completed(reason=None):
            return b'42["action.status",{"status":"completed","messageID":%b,"epoch":%d,"offset":%d}]' % (
                message,
                epoch,
                emission.offset,
            )
        case Completed():
            payload = completed(body) | {"epoch": epoch, "offset": emission.offset}
            return encode_event("action.status", payload)
        case Ended():
            return encode_event("session.ended", {"reason": body.reason, "epoch": epoch, "offset": emission.offset})
        case _:
            return None


def completed(body: Completed) -> dict[str, Any]:
    """The payload of a completed `action.status`, without a place in the log."""
    payload: dict[str, Any] = {"status": "completed", "messageID": body.message_id}
    return payload if body.reason is None else payload | {"reason": body.reason}
