"""The v4 turns: interact, interact as a stream, and coming back to a stream (Conversations API 1.2 and 1.3)."""

from __future__ import annotations

from collections.abc import Sequence

from parley.domain.ids import TurnID
from parley.domain.transcript import Emission, Stated, Traced
from parley.errors import InvalidInput
from parley.session.answer import Answer
from parley.session.house import House
from parley.transports.http.credentials import claims_of, session_of
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.reply import Headers, reply_empty, reply_encoded
from parley.transports.http.request import Request
from parley.transports.http.sse import stream
from parley.transports.http.turn_body import key_of, v4_post


class TurnRoutes:
    """Endpoints that post an action with a session key, or read what one has caused."""

    def __init__(self, house: House, keep_alive: KeepAlive) -> None:
        self._house = house
        self._keep_alive = keep_alive

    async def interact(self, request: Request) -> None:
        """`POST /v4/interact`"""
        answer = await self._posted(request)
        said = await answer.whole()
        await reply_encoded(request, wrapped(said), headers=names_of(answer))

    async def interact_stream(self, request: Request) -> None:
        """`POST /v4/interact/stream`"""
        answer = await self._posted(request)
        await answer.accepted()
        await stream(request, answer, self._keep_alive, self._house.clock)

    async def resume(self, request: Request) -> None:
        """`GET /v4/interact/stream/{turnID}`"""
        session = await session_of(claims_of(request, self._house), self._house)
        after = last_event_of(request)
        answer = await session.answer(TurnID(request.params["turnID"]))
        await answer.accepted()
        if answer.is_over and answer.failure is None and after >= events_in(answer.said):
            # Everything was received: 204 is what keeps an EventSource from coming back.
            await reply_empty(request, 204, names_of(answer))
            return
        await stream(request, answer, self._keep_alive, self._house.clock, after)

    async def _posted(self, request: Request) -> Answer:
        claims = claims_of(request, self._house)
        post = v4_post(await request.body(self._house.body_limit), key_of(request))
        # Found only when all of the body is here: a session that nobody uses may be put to sleep meanwhile.
        session = await session_of(claims, self._house)
        return await session.post(post)


def wrapped(said: Sequence[Emission]) -> bytes:
    """The answer of the non-stream route: `{"traces": [...]}`, and `state` where it was asked for."""
    traces = joined(said)
    state = state_in(said)
    return b'{"traces":%b}' % traces if state is None else b'{"traces":%b,"state":%b}' % (traces, state)


def joined(said: Sequence[Emission]) -> bytes:
    """The traces as a JSON array: each is encoded already."""
    return b"[%b]" % b",".join([body.data for emission in said if type(body := emission.body) is Traced])


def state_in(said: Sequence[Emission]) -> bytes | None:
    """The state as JSON, where it was said."""
    return next((bytes(emission.body.data) for emission in said if isinstance(emission.body, Stated)), None)


def events_in(said: Sequence[Emission]) -> int:
    """The id of the turn's `end` event."""
    return 1 + sum(isinstance(emission.body, Traced | Stated) for emission in said)


def names_of(answer: Answer) -> Headers:
    """The headers that say which session and turn this is."""
    return [(b"x-session-id", answer.record.session.encode()), (b"x-turn-id", answer.record.id.encode())]


def last_event_of(request: Request) -> int:
    """The id of the last event that the client has, 0 for none. Raises `InvalidInput`."""
    value = request.header(b"last-event-id")
    if not value:
        return 0
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise InvalidInput.at("Last-Event-ID", "the number of an event")
    return int(value)
