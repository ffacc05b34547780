"""Sending a request once, whatever happens to the turn; knows no step's kind."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from parley.domain.ids import StepID
from parley.engine.effects import once
from parley.engine.redacting import redacted_reason, redacted_response
from parley.engine.turn import Turn
from parley.ports.tools import Request, RequestFailed, Response

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing: sending them twice does no harm."""


class _Outcome(Struct, frozen=True):
    response: Response | None = None
    failed: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Outcome)


async def send_once(turn: Turn, step: StepID, request: Request, *, is_idempotent: bool) -> Response:
    """The response, now or from the time before, without the secrets that went out.

    Raises `RequestFailed`, `UnknownOutcome`, `StoreUnavailable`.
    """

    async def send() -> bytes:
        try:
            response = await turn.world.tools.send(request)
        except RequestFailed as failed:
            return _ENCODER.encode(_Outcome(failed=redacted_reason(failed.message, request.url, turn.redaction)))
        return _ENCODER.encode(_Outcome(redacted_response(response, turn.redaction)))

    outcome = _DECODER.decode(await once(turn, step, _asked(request), send, is_idempotent=is_idempotent))
    if outcome.response is None:
        raise RequestFailed(outcome.failed)
    return outcome.response


async def post_once(turn: Turn, step: StepID, request: Request, *, is_idempotent: bool) -> None:
    """Send it without waiting. Raises what `send_once` raises."""

    async def post() -> bytes:
        turn.world.tools.post(request)
        return b"{}"

    await once(turn, step, _asked(request), post, is_idempotent=is_idempotent)


def _asked(request: Request) -> str:
    body = (request.body or b"").decode("utf-8", "replace")
    return f"{request.method} {request.url}\n{body}"
