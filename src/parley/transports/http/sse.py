"""An answer as server-sent events, byte for byte as Conversations API 1.4 has it.

The body opens with a blank line; each event is `event:`, `id:`, `data:` and a blank line; ids count from 1 and are
shared by `trace`, `state` and `end`; the last event is `end` with `{}`, or `error`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec

from parley.domain.transcript import Completed, Emission, Ended, Stated, Traced
from parley.errors import ParleyError
from parley.ports.clock import Clock
from parley.session.answer import Answer
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.problems import is_retryable, problem
from parley.transports.http.reply import begin_stream
from parley.transports.http.request import Request

OPENING = b"\n"
COMMENT = b": keep-alive\n\n"


async def stream(request: Request, answer: Answer, keep_alive: KeepAlive, clock: Clock, after: int = 0) -> None:
    """Answer a request with everything that a turn says after its event `after`, as it becomes known.

    To be called when the action is durable. A client that goes away stops nothing: what is sent to it is dropped.
    """
    names = [(b"x-session-id", answer.record.session.encode()), (b"x-turn-id", answer.turn.encode())]
    await begin_stream(request, names)
    writer = _Writer(request, after)
    try:
        with keep_alive.watching(answer.nudge) as watch:
            async for portion in answer.read():
                if portion:
                    watch.touch()
                    await writer.portion(portion, is_last=_is_whole(answer) and answer.said[-1] is portion[-1])
                elif watch.is_due:
                    watch.touch()
                    await writer.write(COMMENT, is_last=False)
        if not writer.is_closed:
            await writer.write(b"", is_last=True)
    except ParleyError as error:
        await writer.write(_failure(error, writer.index + 1, clock.now_ms()), is_last=True)


def _is_whole(answer: Answer) -> bool:
    return answer.is_over and answer.failure is None


class _Writer:
    def __init__(self, request: Request, after: int) -> None:
        self.index = 0
        self.is_closed = False
        self._request = request
        self._after = after
        self._opening = OPENING

    async def portion(self, portion: Sequence[Emission], *, is_last: bool) -> None:
        events: list[bytes] = []
        for emission in portion:
            self.index += 1
            if self.index > self._after:
                events.append(encode_event(emission, self.index))
        await self.write(b"".join(events), is_last=is_last)

    async def write(self, data: bytes, *, is_last: bool) -> None:
        body, self._opening = self._opening + data, b""
        self.is_closed = is_last
        if body or is_last:
            await self._request.send({"type": "http.response.body", "body": body, "more_body": not is_last})


def encode_event(emission: Emission, index: int) -> bytes:
    """One emission as one event; nothing for the end of the session, which `end` includes."""
    body = emission.body
    match body:
        case Traced():
            return b"event: trace\nid: %d\ndata: %b\n\n" % (index, body.data)
        case Stated():
            return b"event: state\nid: %d\ndata: %b\n\n" % (index, body.data)
        case Completed():
            return b"event: end\nid: %d\ndata: {}\n\n" % index
        case Ended():
            return b""
        case _:
            assert_never(body)


def _failure(error: ParleyError, index: int, now_ms: int) -> bytes:
    told = problem(error, now_ms)
    data = {"code": told["code"], "message": told["message"], "retryable": is_retryable(error)}
    return b"event: error\nid: %d\ndata: %b\n\n" % (index, msgspec.json.encode(data))
