"""Dialect A: the documented one, whose events have dots in their names.

Source: seed 001. What goes beyond it (messageID, epoch, offset, replay) is in decisions, "Socket": a client that
knows only the documentation sees nothing it does not expect.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.domain.actions import parse_action
from parley.domain.transcript import Completed, Emission, Ended, Traced, TurnConfig
from parley.errors import InvalidInput, ParleyError
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.session.outbox import Portion
from parley.transports.socket.peer import Peer
from parley.transports.socket.turn_config import turn_config
from parley.transports.socket_connection import SocketConnection
from parley.transports.socketio_packets import encode_event

LONGEST_MESSAGE_ID = 128
_encode = msgspec.json.Encoder().encode


class Documented:
    """One client that speaks dialect A."""

    def __init__(self, connection: SocketConnection, house: House) -> None:
        self.peer = Peer(connection, house, self._refused)
        self._connection = connection
        self._config = TurnConfig()
        self._running: Answer | None = None

    def received(self, event: str, payload: Any) -> None:
        """Handle one event of the client."""
        verb = {"client.start": self._start, "session.create": self._create, "action.send": self._send}.get(event)
        if verb is None:
            known = "client.start, session.create, action.send"
            self._error("unknown_event", f"'{event[:64]}' is not an event of this protocol. Known: {known}.")
        elif not isinstance(payload, dict):
            self._error("invalid_input", f"{event}: expected object")
        else:
            self.peer.handle(lambda: verb(payload))

    async def restart(self) -> None:
        """The server goes: hand back what it could not finish, and let the client come back by itself."""
        self._connection.emit("server.restart", await self.peer.hand_back(self._running))

    async def _start(self, wire: dict[str, Any]) -> None:
        self.peer.unfollow()
        self.peer.session = None
        self._config = turn_config(wire.get("config"))
        await self.peer.admit(wire)
        session = await self.peer.resume(wire.get("sessionKey"))
        if session is None:
            self._connection.emit("client.started", {"newSessionRequired": True})
            return
        await self._come_back(session, wire)

    async def _come_back(self, session: SessionHandle, wire: dict[str, Any]) -> None:
        """Follow a session again; with a place in its log, first what was missed, or that it cannot be told."""
        started: dict[str, Any] = {"newSessionRequired": False}
        missed = None
        if "lastOffset" in wire:
            offset, epoch = _whole(wire, "lastOffset"), _whole(wire, "lastEpoch", 1)
            missed = await session.since(epoch, offset)
            if missed is None:
                started |= {"gap": True, "snapshot": session.state().shown()}
            else:
                started["replayed"] = sum(len(portion.emissions) for portion in missed)
        epoch, last = session.place()
        self._connection.emit("client.started", started | {"epoch": epoch, "offset": last})
        for portion in missed or ():
            self._hear(portion)
        self.peer.follow(session, self._hear)

    async def _create(self, wire: dict[str, Any]) -> None:
        session, key = await self.peer.create()
        epoch, last = session.place()
        self._connection.emit("session.created", {"sessionKey": key, "epoch": epoch, "offset": last})
        self.peer.follow(session, self._hear)

    async def _send(self, wire: dict[str, Any]) -> None:
        message = wire.get("messageID")
        if message is not None and (not isinstance(message, str) or not 0 < len(message) <= LONGEST_MESSAGE_ID):
            raise InvalidInput.at("messageID", f"string of 1 to {LONGEST_MESSAGE_ID} characters")
        try:
            session = self.peer.session
            if session is None:
                raise InvalidInput(
                    "Send client.start and, where it asks for it, session.create first.", code="no_session"
                )
            config = self._config if "config" not in wire else turn_config(wire["config"])
            answer = await session.post(Post(parse_action(wire.get("action")), config, key=message))
        except ParleyError as error:
            self._status("rejected", message, error)
            return
        self._running = answer
        answer.watch(_Teller(self, answer))

    def accepted(self, answer: Answer) -> None:
        """The action is durable. A repeated one gets again what was said before this client listened."""
        self._status("accepted", answer.record.message_id)
        earlier = [emission for emission in answer.said if emission.offset < self.peer.followed_from]
        if earlier:
            self._hear(Portion(answer.record.message_id, earlier))

    def failed(self, answer: Answer, error: ParleyError) -> None:
        """The action could not be recorded, or its turn could not be saved."""
        if not answer.is_accepted:
            self._status("rejected", answer.record.message_id, error)
        else:
            self._error(error.code, error.message, retryable=True)

    def _hear(self, portion: Portion) -> None:
        session = self.peer.session
        epoch = 1 if session is None else session.place()[0]
        for emission in portion.emissions:
            packet = _packet(emission, portion.message, epoch)
            if packet is not None:
                self._connection.emit_encoded(packet)
            if isinstance(emission.body, Ended):
                self.peer.unfollow()
                self.peer.session = None

    def _status(self, status: str, message: str | None, error: ParleyError | None = None) -> None:
        payload: dict[str, Any] = {"status": status, "messageID": message or ""}
        if error is not None:
            payload |= {"reason": error.code, "error": error.message}
        self._connection.emit("action.status", payload)

    def _refused(self, error: ParleyError) -> None:
        self._error(error.code, error.message)

    def _error(self, code: str, message: str, **more: Any) -> None:
        self._connection.emit("error", {"code": code, "error": message, **more})


class _Teller:
    """Tells the sender of an action once that it was accepted, or that it failed."""

    __slots__ = ("_answer", "_dialect", "_told")

    def __init__(self, dialect: Documented, answer: Answer) -> None:
        self._dialect = dialect
        self._answer = answer
        self._told = ""

    def __call__(self) -> None:
        answer = self._answer
        if answer.failure is not None:
            if self._told != "failed":
                self._told = "failed"
                self._dialect.failed(answer, answer.failure)
        elif answer.is_accepted and not self._told:
            self._told = "accepted"
            self._dialect.accepted(answer)


def _packet(emission: Emission, message: str, epoch: int) -> bytes | None:
    body = emission.body
    match body:
        case Traced():
            return b'42["action.trace",{"trace":%s,"messageID":%s,"epoch":%d,"offset":%d}]' % (
                bytes(body.data),
                _encode(message),
                epoch,
                emission.offset,
            )
        case Completed():
            payload: dict[str, Any] = {"status": "completed", "messageID": body.message_id}
            if body.reason is not None:
                payload["reason"] = body.reason
            return encode_event("action.status", payload | {"epoch": epoch, "offset": emission.offset})
        case Ended():
            return encode_event("session.ended", {"reason": body.reason, "epoch": epoch, "offset": emission.offset})
        case _:
            return None


def _whole(wire: dict[str, Any], name: str, default: int | None = None) -> int:
    value = wire.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidInput.at(name, "whole number")
    return value
