"""Dialect A: the documented one, whose events have dots in their names.

Source: seed 001. What goes beyond it (messageID, epoch, offset, replay) is in decisions, "Socket": a client that
knows only the documentation sees nothing it does not expect.
"""

from __future__ import annotations

from typing import Any

from parley.domain.actions import parse_action
from parley.domain.ids import new_id
from parley.domain.transcript import Completed, Ended, TurnConfig
from parley.errors import Draining, InvalidInput, ParleyError, SessionEnded
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.session.outbox import Portion
from parley.transports.engineio.protocol import Reason
from parley.transports.socket.coming_back import Place, comeback, last_place
from parley.transports.socket.documented_packets import accepted, completed, packets_of
from parley.transports.socket.peer import Peer
from parley.transports.socket.turn_config import turn_config
from parley.transports.socketio.connection import SocketConnection

LONGEST_MESSAGE_ID = 128


class Documented:
    """One client that speaks dialect A."""

    def __init__(self, connection: SocketConnection, house: House) -> None:
        self.peer = Peer(connection, house, self._refused)
        self._house = house
        self._connection = connection
        self._config = TurnConfig()
        self._epoch = 1
        self._heard_from = 0
        """What has a smaller offset has not been told to this client."""
        self._ended: str | None = None
        self._refused_late: dict[str, Any] | None = None
        """The first `action.send` that came when no more were taken."""

    def received(self, event: str, payload: Any) -> None:
        """Handle one event of the client."""
        verb = {"client.start": self._start, "session.create": self._create, "action.send": self._send}.get(event)
        if verb is None:
            known = "client.start, session.create, action.send"
            self._error("unknown_event", f"'{event[:64]}' is not an event of this protocol. Known: {known}.")
        elif isinstance(payload, dict):
            self.peer.handle(lambda: verb(payload))
        elif event == "action.send":
            self._reject(None, InvalidInput.at(event, "object"))
        else:
            self._error("invalid_input", f"{event}: expected object")

    async def restart(self) -> None:
        """The server goes: hand back what it could not finish, and let the client come back by itself."""
        self._connection.emit("server.restart", await self._handed_back())

    async def _handed_back(self) -> dict[str, Any]:
        """The payload of `server.restart`: the action to send again, where this server could not finish it."""
        running, session = self.peer.unfinished, self.peer.session
        if running is None or session is None:
            return self._refused_late or {}
        if self._refused_late is not None:
            self._reject(self._refused_late.get("messageID"), Draining("Send this action again."))
        record = running.record
        if record.key is None:
            return {"action": record.action} if await session.hand_back(running.turn) else {}
        # The next server performs it in any case; sent again, it attaches to that turn by its name.
        await session.stop(running.turn)
        return {"action": record.action, "messageID": record.key}

    async def _start(self, wire: dict[str, Any]) -> None:
        self.peer.forget()
        self._ended = None
        self._config = turn_config(wire.get("config"))
        place = last_place(wire)
        await self.peer.admit(wire)
        session = await self.peer.known(wire)
        if session is None or (place is None and session.state().ended is not None):
            self._connection.emit("client.started", {"newSessionRequired": True})
            return
        await self._come_back(session, place)

    async def _come_back(self, session: SessionHandle, place: Place | None) -> None:
        """Follow a session again; with a place in its log, first what was missed, or that it cannot be told."""
        back = await comeback(session, place, self._house)
        self._ended = session.state().ended
        started = {"newSessionRequired": self._ended is not None, **back.told, "epoch": back.epoch}
        self._connection.emit("client.started", started | {"offset": back.offset})
        self._follow(session, back.epoch, 0 if place is not None else back.offset + 1)
        for portion in back.missed:
            self._hear(portion)
        if self._ended is not None:
            self.peer.session = None

    async def _create(self, wire: dict[str, Any]) -> None:
        session, key = await self.peer.create()
        epoch, last = session.place()
        self._ended = None
        self._connection.emit("session.created", {"sessionKey": key, "epoch": epoch, "offset": last})
        self._follow(session, epoch, last + 1)

    def _follow(self, session: SessionHandle, epoch: int, heard_from: int) -> None:
        self._epoch = epoch
        self._heard_from = heard_from
        self.peer.follow(session, self._hear, self._config)

    async def _send(self, wire: dict[str, Any]) -> None:
        try:
            answer = await self._session().post(self._post(wire))
        except Draining as refusal:
            self._send_elsewhere(wire, refusal)
        except ParleyError as error:
            self._reject(wire.get("messageID"), error)
        else:
            self.peer.sent(answer)
            answer.watch(_Teller(self, answer))

    def _session(self) -> SessionHandle:
        if self.peer.session is not None:
            return self.peer.session
        if self._ended is not None:
            raise SessionEnded(self._ended)
        first = "session.create" if self.peer.visitor is not None else "client.start"
        raise InvalidInput(f"There is no session yet: send {first} first.", code="no_session")

    def _post(self, wire: dict[str, Any]) -> Post:
        message = wire.get("messageID")
        if message is not None and not _is_message_id(message):
            raise InvalidInput.at("messageID", f"string of 1 to {LONGEST_MESSAGE_ID} characters")
        config = self._config if wire.get("config") is None else turn_config(wire["config"])
        return Post(parse_action(wire.get("action")), config, key=message)

    def _send_elsewhere(self, wire: dict[str, Any], refusal: Draining) -> None:
        """This server takes no more actions: the next one will."""
        if self._refused_late is not None:
            self._reject(wire.get("messageID"), refusal)
            return
        self._refused_late = {name: wire[name] for name in ("action", "messageID") if wire.get(name) is not None}
        if self.peer.unfinished is None:
            self._connection.emit("server.restart", self._refused_late)
            self._connection.cut(Reason.SERVER_SHUTDOWN)

    def accepted(self, answer: Answer, *, was_over: bool) -> None:
        """The action is durable. A repeated one gets what this client has not been told of its answer."""
        self._connection.emit_encoded(accepted(answer.record.message_id))
        untold = [emission for emission in answer.readable if emission.offset < self._heard_from]
        if untold:
            self._hear(Portion(answer.record.message_id, untold))
        elif was_over:
            for emission in answer.readable:
                if isinstance(emission.body, Completed):
                    self._connection.emit("action.status", completed(emission.body) | {"repeated": True})

    def failed(self, answer: Answer, error: ParleyError) -> None:
        """The action could not be recorded, or its turn could not be saved."""
        if not answer.is_accepted:
            self._reject(answer.record.message_id, error)
        elif not self.peer.is_leaving:
            # What was accepted is performed again by whoever takes up the session, and this client is cut to find it.
            self._error(error.code, error.message, messageID=answer.record.message_id)

    def _hear(self, portion: Portion) -> None:
        for packet in packets_of(portion, self._epoch):
            self._connection.emit_encoded(packet)
        last = portion.emissions[-1].body
        if isinstance(last, Ended):
            # Followed on: actions that wait are still completed.
            self._ended = last.reason
            self.peer.session = None

    def _reject(self, message: Any, error: ParleyError) -> None:
        if not _is_message_id(message):
            message = new_id(self._house.clock.now_ms())
        payload = {"status": "rejected", "messageID": message, "reason": error.code, "error": error.message}
        self._connection.emit("action.status", payload)

    def _refused(self, error: ParleyError) -> None:
        self._error(error.code, error.message)

    def _error(self, code: str, message: str, **more: Any) -> None:
        self._connection.emit("error", {"code": code, "error": message, **more})


def _is_message_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_MESSAGE_ID


class _Teller:
    """Tells the sender of an action once that it was accepted, and once that it failed."""

    __slots__ = ("_answer", "_dialect", "_has_accepted", "_has_failed", "_session", "_was_over")

    def __init__(self, dialect: Documented, answer: Answer) -> None:
        self._dialect = dialect
        self._answer = answer
        self._session = dialect.peer.followed
        self._was_over = answer.is_over
        self._has_accepted = False
        self._has_failed = False

    def __call__(self) -> None:
        answer = self._answer
        if self._session is not self._dialect.peer.followed:
            return
        if answer.is_accepted and not self._has_accepted:
            self._has_accepted = True
            self._dialect.accepted(answer, was_over=self._was_over)
        if answer.is_over and answer.failure is not None and not self._has_failed:
            self._has_failed = True
            self._dialect.failed(answer, answer.failure)
