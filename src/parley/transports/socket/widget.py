"""Dialect B: what the published chat widget speaks on the same path.

Source: Conversations API, section 5.2, and engine, section 2. No messageID exists here: the client sends its next
action only when the one before is completed or rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from parley.domain.actions import LAUNCH, parse_action
from parley.domain.transcript import Completed, Ended, Stated, Traced, TurnConfig, TurnRecord
from parley.errors import InvalidInput, ParleyError
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.session.outbox import Portion
from parley.transports.socket.peer import Peer
from parley.transports.socket.turn_config import turn_config
from parley.transports.socket_connection import SocketConnection


class Widget:
    """One client that speaks dialect B."""

    def __init__(self, connection: SocketConnection, house: House) -> None:
        self.peer = Peer(connection, house, self._refused)
        self._connection = connection
        self._config: Any = None
        self._running: Answer | None = None

    def received(self, event: str, payload: Any) -> None:
        """Handle one event of the client."""
        wire = payload if isinstance(payload, dict) else {}
        match event:
            case "start":
                self.peer.handle(lambda: self._start(wire))
            case "session-key-update":
                self.peer.handle(self._update_key)
            case "action":
                self.peer.handle(lambda: self._act(wire))
            case "cancel":
                # Not behind the others: it is about what is running now.
                session = self.peer.session
                self._connection.emit("cancel", {"success": session is not None and session.interrupt()})
            case "keep-alive":
                pass
            case _:
                self._refused(InvalidInput(f"'{event[:64]}' is not an event of this protocol.", code="unknown_event"))

    async def restart(self) -> None:
        """The server goes: hand back what it could not finish, and let the client come back by itself."""
        self._connection.emit("server.restart", await self.peer.hand_back(self._running))

    async def _start(self, wire: dict[str, Any]) -> None:
        self.peer.unfollow()
        self.peer.session = None
        turn_config(wire.get("config"))
        self._config = wire.get("config") or {}
        visitor = await self.peer.admit(wire)
        session = await self.peer.resume(wire.get("sessionKey"))
        if session is None:
            project = visitor.project
            routed = project.environment(visitor.environment) if visitor.environment else project.routed(visitor.user)
            version = self.peer.house.catalog.current(routed).version
            self._connection.emit("start", {"versionID": version, "newSessionRequired": True})
            return
        received_at = _milliseconds(wire.get("lastReceivedAt"))
        missed = [] if received_at is None else await session.recent_turns()
        self._connection.emit("start", {"versionID": session.state().version, "newSessionRequired": False})
        if received_at is not None:
            self._connection.emit("replay", {"replay": _replay(missed, received_at)})
        self._follow(session)

    async def _update_key(self) -> None:
        session, key = await self.peer.create()
        self._connection.emit("session-key-update", {"sessionKey": key})
        self._follow(session)

    async def _act(self, wire: dict[str, Any]) -> None:
        try:
            session = self.peer.session
            if session is None:
                raise InvalidInput("Send start and, where it asks for it, session-key-update first.", code="no_session")
            action = parse_action(wire.get("action") or LAUNCH)
            answer = await session.post(Post(action, self._turn_config(wire)))
        except ParleyError as error:
            self._reject(error)
            return
        self._running = answer
        told: list[str] = []

        def tell() -> None:
            if answer.failure is not None and "failed" not in told:
                told.append("failed")
                self._reject(answer.failure)
            elif answer.is_accepted and not told:
                told.append("accepted")
                self._connection.emit("action", {"status": "accepted"})

        answer.watch(tell)

    def _turn_config(self, wire: dict[str, Any]) -> TurnConfig:
        own = wire.get("config")
        if own is not None and not isinstance(own, dict):
            raise InvalidInput.at("config", "object")
        config = {**self._config, **(own or {})}
        return turn_config(config, stateful=bool(config.get("stateful")))

    def _follow(self, session: SessionHandle) -> None:
        self.peer.follow(session, self._hear)

    def _hear(self, portion: Portion) -> None:
        for emission in portion.emissions:
            match emission.body:
                case Traced(data=data):
                    self._connection.emit_encoded(b'42["trace",{"trace":%s}]' % bytes(data))
                case Stated(data=data):
                    self._connection.emit_encoded(b'42["state",{"state":%s}]' % bytes(data))
                case Completed():
                    self._connection.emit_encoded(b'42["action",{"status":"completed"}]')
                case Ended():
                    self._connection.emit_encoded(b'42["session-ended"]')
                    self.peer.unfollow()
                    self.peer.session = None

    def _reject(self, error: ParleyError) -> None:
        self._connection.emit("action", {"status": "rejected", "reason": error.code, "error": error.message})

    def _refused(self, error: ParleyError) -> None:
        self._connection.emit("error", {"code": error.code, "error": error.message})


def _replay(turns: Sequence[TurnRecord], received_at: int) -> list[dict[str, Any]]:
    """What was done and said after this time (milliseconds since 1970), oldest first."""
    replay: list[dict[str, Any]] = []
    for turn in turns:
        if turn.accepted_at > received_at and turn.action is not None and "type" in turn.action:
            replay.append({"type": "action", "data": turn.action, "createdAt": turn.accepted_at})
        for emission in turn.said or ():
            if isinstance(emission.body, Traced):
                trace = msgspec.json.decode(emission.body.data)
                if trace["time"] > received_at:
                    replay.append({"type": "trace", "data": trace, "createdAt": trace["time"]})
    return replay


def _milliseconds(value: Any) -> int | None:
    """A time as the widget sends it: milliseconds since 1970, or ISO 8601."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value)
    if isinstance(value, str):
        try:
            return int(datetime.fromisoformat(value).timestamp() * 1000)
        except ValueError:
            pass
    raise InvalidInput.at("lastReceivedAt", "milliseconds since 1970, or an ISO 8601 time")
