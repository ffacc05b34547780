"""Dialect B: what the published chat widget speaks on the same path.

Source: Conversations API, section 5.2, and engine, section 2. No messageID exists here: the client sends its next
action only when the one before is completed or rejected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from parley.domain.actions import LAUNCH, parse_action
from parley.domain.ids import MessageID
from parley.domain.transcript import Completed, Ended, Stated, Traced, TurnConfig
from parley.errors import InvalidInput, ParleyError
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.house import House
from parley.session.outbox import Portion
from parley.transports.socket.peer import Peer
from parley.transports.socket.turn_config import turn_config
from parley.transports.socket.widget_replay import milliseconds, replay
from parley.transports.socketio.connection import SocketConnection

LOOKS = 3
"""How many ticks of the loop `cancel` waits for an action that was sent just before it to begin."""


class Widget:
    """One client that speaks dialect B."""

    def __init__(self, connection: SocketConnection, house: House) -> None:
        self.peer = Peer(connection, house, self._refused)
        self._connection = connection
        self._config: dict[str, Any] = {}
        self._own: set[MessageID] = set()
        """This client's actions that it has not been told the end of."""

    def received(self, event: str, payload: Any) -> None:
        """Handle one event of the client."""
        wire = payload if isinstance(payload, dict) else {}
        match event:
            case "start":
                self.peer.handle(lambda: self._start(wire))
            case "session-key-update":
                self.peer.handle(self._update_key)
            case "action" if isinstance(payload, dict):
                self.peer.handle(lambda: self._act(wire))
            case "action":
                self._reject(InvalidInput.at("action", "object"))
            case "cancel":
                self.peer.handle(self._cancel)
            case "keep-alive":
                pass
            case _:
                known = "start, session-key-update, action, cancel, keep-alive"
                message = f"'{event[:64]}' is not an event of this protocol. Known: {known}."
                self._refused(InvalidInput(message, code="unknown_event"))

    async def restart(self) -> None:
        """The server goes. This dialect knows no handing back: the next server performs what is unfinished."""
        running, session = self.peer.unfinished, self.peer.session
        if running is not None and session is not None:
            await session.stop(running.turn)

    async def _start(self, wire: dict[str, Any]) -> None:
        self.peer.forget()
        self._own.clear()
        turn_config(wire.get("config"))
        self._config = wire.get("config") or {}
        received_at = milliseconds(wire.get("lastReceivedAt"))
        visitor = await self.peer.admit(wire)
        session = await self.peer.known(wire)
        if session is None or session.state().ended is not None:
            version = self.peer.house.catalog.current(visitor.variant().environment).version
            self._connection.emit("start", {"versionID": version, "newSessionRequired": True})
            return
        await self._come_back(session, received_at)

    async def _come_back(self, session: SessionHandle, received_at: int | None) -> None:
        """Follow a session again. Nothing is awaited after what was missed is known, or something might be missed."""
        again: Sequence[Portion] = ()
        missed: list[dict[str, Any]] = []
        if received_at is None:
            again = await session.since(*session.entry()) or ()
        else:
            missed = replay(await session.recent_turns(), received_at)
        self._connection.emit("start", {"versionID": session.state().version, "newSessionRequired": False})
        if received_at is not None:
            self._connection.emit("replay", {"replay": missed})
        self.peer.follow(session, self._hear, self._asked({}))
        for portion in again:
            self._hear(portion)

    async def _update_key(self) -> None:
        session = self.peer.session
        if session is not None:
            self._tell_key(self.peer.house.keys.issue(session.state()))
            return
        session, key = await self.peer.create()
        self._tell_key(key)
        self.peer.follow(session, self._hear, self._asked({}))

    def _tell_key(self, key: str) -> None:
        self._connection.emit("session-key-update", {"sessionKey": key})

    async def _act(self, wire: dict[str, Any]) -> None:
        try:
            session = self.peer.session
            if session is None:
                first = "session-key-update" if self.peer.visitor is not None else "start"
                raise InvalidInput(f"There is no session: send {first} first.", code="no_session")
            action = wire.get("action")
            answer = await session.post(Post(parse_action(LAUNCH if action is None else action), self._asked(wire)))
        except ParleyError as error:
            self._reject(error)
            return
        self.peer.sent(answer)
        self._own.add(answer.record.message_id)
        self._watch(answer, session)

    def _watch(self, answer: Answer, session: SessionHandle) -> None:
        """Tell once that the action was accepted, and once that it failed."""
        told: set[str] = set()

        def tell() -> None:
            if self.peer.followed is not session:
                return
            if answer.is_accepted and "accepted" not in told:
                told.add("accepted")
                self._connection.emit("action", {"status": "accepted"})
            if answer.is_over and answer.failure is not None and "failed" not in told:
                told.add("failed")
                self._own.discard(answer.record.message_id)
                # What was accepted is performed again by whoever takes up the session; the client is cut to find it.
                if not answer.is_accepted:
                    self._reject(answer.failure)

        answer.watch(tell)

    def _asked(self, wire: dict[str, Any]) -> TurnConfig:
        own = wire.get("config")
        if own is not None and not isinstance(own, dict):
            raise InvalidInput.at("config", "object")
        config = {**self._config, **(own or {})}
        return turn_config(config, stateful=bool(config.get("stateful")))

    async def _cancel(self) -> None:
        session, success = self.peer.session, False
        for _ in range(LOOKS):
            success = session is not None and session.interrupt()
            if success or not self._own:
                break
            await asyncio.sleep(0)
        self._connection.emit("cancel", {"success": success})

    def _hear(self, portion: Portion) -> None:
        for emission in portion.emissions:
            match emission.body:
                case Traced(data=data):
                    self._connection.emit_encoded(b'42["trace",{"trace":%b}]' % bytes(data))
                case Stated(data=data):
                    self._connection.emit_encoded(b'42["state",{"state":%b}]' % bytes(data))
                case Completed(message_id=message):
                    self._complete(message)
                case Ended():
                    self._connection.emit_encoded(b'42["session-ended"]')
                    self.peer.session = None

    def _complete(self, message: MessageID) -> None:
        """Tell that a turn is over, but never while an action of this client's own runs that it could mean instead."""
        is_own = message in self._own
        self._own.discard(message)
        if is_own or not self._own:
            self._connection.emit_encoded(b'42["action",{"status":"completed"}]')

    def _reject(self, error: ParleyError) -> None:
        self._connection.emit("action", {"status": "rejected", "reason": error.code, "error": error.message})

    def _refused(self, error: ParleyError) -> None:
        self._connection.emit("error", {"code": error.code, "error": error.message})
