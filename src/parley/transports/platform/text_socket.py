"""Conversations in words over a WebSocket: `sessions/connect` for people who are known, `/agent/text-stream` for all.

One client has a conversation at a time. What is said in it goes to that client, whoever caused it; the conversation
outlives the socket (platform API, section 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from starlette.websockets import WebSocket

from parley.domain.conversation_names import conversation_of
from parley.domain.ids import TurnID
from parley.domain.transcript import Completed, Emission, Ended, Traced
from parley.errors import Busy, InvalidInput, NotFound, ParleyError
from parley.session.answer import Answer
from parley.session.handle import SessionHandle
from parley.session.outbox import Portion
from parley.transports.platform.access import Caller
from parley.transports.platform.outlet import Outlet
from parley.transports.platform.sockets import (
    BAD,
    BAD_CONVERSATION,
    BUSY,
    FAILED,
    NOT_FOUND,
    OWNED,
    Turned,
    close,
    heard,
    id_of,
    key_ends,
    service_of,
    welcome,
)
from parley.transports.platform.turn_body import read_turn
from parley.transports.platform.turn_shapes import traces_in
from parley.transports.platform.turn_stream import FrameReader
from parley.workspaces.estate import Estate
from parley.workspaces.said import Said as Words
from parley.workspaces.services import ServiceView

ENDINGS = {
    "end_of_diagram": "completed",
    "ended_by_client": "completed",
    "closed": "completed",
    "ended_by_operator": "escalated",
    "hangup": "disconnected",
}
"""End reasons as `session_ended` has them; every other is `other`."""
SHOWN = frozenset({"message", "tool_call_started", "tool_call_completed"})


class Said(Struct, frozen=True, tag_field="type", tag="message"):
    """The user says something. A second message with the same `client_message_id` within a day is the first.

    The other fields are those of a turn over HTTP, which checks them.
    """

    text: Annotated[str, Meta(max_length=10_000)] = ""
    client_message_id: Annotated[str, Meta(pattern="^[!-~]{1,256}$")] | None = None
    content: list[dict[str, Any]] | None = None
    media_url: str | None = None
    media_type: str | None = None
    context: str | None = None

    def words(self) -> Words:
        """What is said. Raises `InvalidInput`."""
        if not (self.text.strip() or self.content or self.media_url):
            raise InvalidInput("This message is empty.")
        if not (self.content or self.media_url or self.media_type or self.context):
            return Words(self.text)
        return read_turn(
            message=self.text,
            content=self.content,
            media_url=self.media_url,
            media_type=self.media_type,
            context=self.context,
        )


class Stop(Struct, frozen=True, tag_field="type", tag="stop"):
    """The client leaves; the conversation stays."""


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """An answer to `ping`, which needs none."""


_decode = msgspec.json.Decoder(Said | Stop | Pong).decode


async def connect_session(socket: WebSocket) -> None:
    """`WS /v1/{workspace_id}/sessions/connect`."""
    await _serve(socket, socket.path_params["workspace_id"], is_stream=False)


async def text_stream(socket: WebSocket) -> None:
    """`WS /agent/text-stream`."""
    await _serve(socket, socket.query_params.get("workspace_id"), is_stream=True)


async def _serve(socket: WebSocket, workspace: str | None, *, is_stream: bool) -> None:
    estate: Estate = socket.app.state.estate
    token = socket.query_params.get("token")
    with ExitStack() as claims:
        try:
            caller = await welcome(socket, estate, workspace, token if is_stream else None)
            if token is not None and not is_stream:
                raise Turned(BAD, "token: keys are taken only as a subprotocol here")
            with_tools = _flag(socket, "tool_events")
            service = await service_of(socket, estate, caller)
            session = await _session(socket, estate, caller, service, needs_entity=not is_stream)
            _claim(claims, estate, session)
            line = TextLine(socket, estate, caller, session, with_tools=with_tools)
        except Turned as turned:
            await close(socket, turned.code, turned.reason)
            return
        except ParleyError as error:
            await close(socket, FAILED, error.message)
            return
        await line.serve()


def _flag(socket: WebSocket, name: str) -> bool:
    given = socket.query_params.get(name, "true").lower()
    if given not in ("true", "false", "1", "0"):
        raise Turned(BAD, f"{name}: expected true or false")
    return given in ("true", "1")


def _claim(claims: ExitStack, estate: Estate, session: SessionHandle) -> None:
    try:
        claims.enter_context(estate.owners.taking(session.id))
    except Busy as taken:
        raise Turned(OWNED, "Another client has this conversation.") from taken


async def _session(
    socket: WebSocket, estate: Estate, caller: Caller, service: ServiceView, *, needs_entity: bool
) -> SessionHandle:
    conversation = socket.query_params.get("conversation_id")
    entity = None
    if "entity_id" in socket.query_params or (needs_entity and conversation is None):
        try:
            entity = await estate.entities.get(caller.workspace.id, id_of(socket, "entity_id"))
        except NotFound as error:
            raise Turned(NOT_FOUND, "Entity not found.") from error
    if conversation is not None:
        return await _known(conversation, estate, caller, service, None if entity is None else entity.id)
    if entity is not None:
        return (await estate.talks.with_entity(service, entity))[0]
    return await estate.talks.with_visitor(service)


async def _known(
    conversation: str, estate: Estate, caller: Caller, service: ServiceView, entity: str | None
) -> SessionHandle:
    try:
        UUID(conversation)
    except ValueError as error:
        raise Turned(BAD_CONVERSATION, "conversation_id: expected a UUID") from error
    try:
        session = await estate.talks.find(caller.workspace, conversation)
    except NotFound as error:
        raise Turned(NOT_FOUND, "Conversation not found.") from error
    state = session.state()
    if (state.project, state.environment) != (service.project.id, service.environment.alias):
        raise Turned(BAD_CONVERSATION, "This conversation is with another service.")
    if entity not in (None, state.contact.entity):
        raise Turned(BAD_CONVERSATION, "This conversation is with somebody else.")
    if state.ended is not None:
        raise Turned(BAD_CONVERSATION, "Conversation is closed.")
    return session


class TextLine:
    """A client that has a conversation, and the conversation."""

    def __init__(
        self, socket: WebSocket, estate: Estate, caller: Caller, session: SessionHandle, *, with_tools: bool
    ) -> None:
        self._socket = socket
        self._estate = estate
        self._caller = caller
        self._session = session
        self._out = Outlet(socket, estate.clock)
        self._reader = FrameReader(with_tools=with_tools)
        self._greets = "conversation_id" not in socket.query_params
        self._asked: dict[TurnID, list[bool]] = {}
        """The turns that this client waits for, and for each of its messages whether that came before."""
        self._began = 0
        """What was said up to this offset was said before this client came."""

    async def serve(self) -> None:
        """From the first frame to the last."""
        session = self._session
        id = conversation_of(session.id)
        self._out.put("session_started", session_id=id, conversation_id=id)
        self._began = session.place()[1]
        leave = session.follow(self._follow, self._lost)
        try:
            if self._greets and session.state().revision == 0:
                await self._greet()
            await self._out.serve(self._hear(), self._watch_key())
        finally:
            leave()

    async def _greet(self) -> None:
        self._out.put("typing")
        try:
            answer = await self._estate.talks.greet(self._session)
        except ParleyError as error:
            self._out.put("error", message=error.message)
            return
        self._attach(answer, is_duplicate=False, is_known=answer.is_accepted)

    async def _hear(self) -> None:
        async for frame in heard(self._socket):
            try:
                said = _decode(frame)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self._out.put("error", message=f"This frame is not understood: {error}")
                continue
            match said:
                case Said():
                    await self._say(said)
                case Stop():
                    self._out.put("session_ended", reason="stopped")
                    self._out.end()
                    return
                case Pong():
                    continue

    async def _say(self, said: Said) -> None:
        session, key = self._session, said.client_message_id
        try:
            words = said.words()
            is_known = key is not None and await session.answered(key) is not None
            answer = await self._estate.talks.say(session, words, streams=False, key=key)
        except ParleyError as error:
            self._out.put("error", message=error.message)
            return
        if not is_known:
            self._out.put("typing")
        self._attach(answer, is_duplicate=is_known, is_known=is_known)

    def _attach(self, answer: Answer, *, is_duplicate: bool, is_known: bool) -> None:
        """Tell what comes of a turn; of one that was known before, what this client has not heard."""
        if is_known:
            self._show([each for each in answer.readable if each.offset <= self._began])
        if answer.is_over:
            self._over(answer, is_duplicate)
            return
        self._asked.setdefault(answer.turn, []).append(is_duplicate)
        answer.watch(lambda: self._check(answer))

    def _check(self, answer: Answer) -> None:
        if answer.is_over and answer.failure is not None and self._asked.pop(answer.turn, []):
            self._out.put("error", message=answer.failure.message)

    def _over(self, answer: Answer, is_duplicate: bool) -> None:
        if answer.failure is None:
            self._out.put("response_complete", duplicate=is_duplicate)
        else:
            self._out.put("error", message=answer.failure.message)

    def _follow(self, portion: Portion) -> None:
        self._show(portion.emissions)

    def _show(self, emissions: Sequence[Emission]) -> None:
        for emission in emissions:
            match emission.body:
                case Traced():
                    self._show_trace(emission)
                case Completed():
                    for is_duplicate in self._asked.pop(emission.turn, []):
                        self._out.put("response_complete", duplicate=is_duplicate)
                case Ended(reason=reason):
                    self._out.put("session_ended", reason=ENDINGS.get(reason, "other"))
                    self._out.end()

    def _show_trace(self, emission: Emission) -> None:
        for trace in traces_in([emission]):
            for type, data in self._reader.read(trace):
                if type in SHOWN:
                    self._out.put(type, **data)

    def _lost(self) -> None:
        self._out.end(BUSY, "The conversation goes on elsewhere. Connect again.")

    async def _watch_key(self) -> None:
        await key_ends(self._estate, self._caller.key)
        self._out.end(BAD, "This key opens nothing any more.")
