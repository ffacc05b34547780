"""Socket.IO 5 as one ASGI application, for one `SocketApp`. Knows no dialect."""

import secrets
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from parley.transports.engineio.door import AsgiApp, EngineDoor
from parley.transports.engineio.link import EngineLink
from parley.transports.engineio.protocol import Reason
from parley.transports.engineio.settings import SocketSettings
from parley.transports.socketio.connection import Ack, SocketConnection
from parley.transports.socketio.packets import encode_connect, encode_connect_error
from parley.transports.socketio.protocol import (
    AckReceived,
    EventReceived,
    Joining,
    Left,
    Malformed,
    Refused,
    SocketSession,
)

logger = structlog.get_logger(__name__)

Admit = Callable[[SocketConnection], str | None]
"""Why a peer may not join, or None; it may read the connection's `auth` and `handshake`."""


class SocketApp(Protocol):
    """What is talked to through the door. No verb may wait; per connection they are called in order.

    An exception out of any of them is logged and closes that connection only.
    """

    def connected(self, connection: SocketConnection) -> None: ...

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None: ...

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        """Called once for each connection that was connected."""


class SocketDoor(EngineDoor):
    """Serves `app` under the settings' path; other requests go to `otherwise`."""

    def __init__(
        self,
        app: SocketApp,
        settings: SocketSettings | None = None,
        otherwise: AsgiApp | None = None,
        admit: Admit | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        settings = settings or SocketSettings()
        super().__init__(SocketLayer(app, settings, admit), settings, otherwise, clock)


class _Peer:
    """What the layer keeps of a link: its protocol state and its connection in each namespace."""

    __slots__ = ("connections", "session")

    def __init__(self, session: SocketSession) -> None:
        self.session = session
        self.connections: dict[str, SocketConnection] = {}


class SocketLayer:
    """Socket.IO on top of Engine.IO links."""

    def __init__(self, app: SocketApp, settings: SocketSettings, admit: Admit | None = None) -> None:
        self._app = app
        self._settings = settings
        self._admit = admit

    def opened(self, link: EngineLink) -> None:
        settings = self._settings
        session = SocketSession(
            settings.namespaces, settings.max_attachments, settings.max_event_name, settings.max_payload
        )
        link.state = _Peer(session)

    def message(self, link: EngineLink, data: str | bytes) -> None:
        peer: _Peer = link.state
        heard = peer.session.receive(data)
        try:
            if type(heard) is EventReceived:
                connection = peer.connections[heard.namespace]
                ack = None if heard.ack_id is None else connection.answer(heard.ack_id)
                self._app.received(connection, heard.name, heard.args, ack)
            elif isinstance(heard, AckReceived):
                on_ack = peer.connections[heard.namespace].take_ack(heard.ack_id)
                if on_ack is not None:
                    on_ack(heard.args)
            elif isinstance(heard, Joining):
                self._join(link, peer, heard)
            elif isinstance(heard, Refused):
                link.send(encode_connect_error(heard.namespace, heard.message))
            elif isinstance(heard, Left):
                self._leave(peer.connections[heard.namespace], "client namespace disconnect")
            elif isinstance(heard, Malformed):
                link.end(Reason.PARSE_ERROR)
        except Exception:
            logger.exception("socket application failed")
            link.end(Reason.SERVER_ERROR)

    def _join(self, link: EngineLink, peer: _Peer, joining: Joining) -> None:
        connection = SocketConnection(
            link,
            self._leave,
            joining.namespace,
            secrets.token_urlsafe(15),
            joining.auth,
            self._settings.max_pending_acks,
        )
        refusal = None if self._admit is None else self._admit(connection)
        if refusal is not None:
            link.send(encode_connect_error(joining.namespace, refusal))
            return
        link.joined()
        peer.session.join(joining.namespace)
        peer.connections[joining.namespace] = connection
        link.send(encode_connect(joining.namespace, connection.sid))
        link.part()
        self._app.connected(connection)

    def _leave(self, connection: SocketConnection, reason: str) -> None:
        if connection.is_open:
            connection.is_open = False
            self._app.disconnected(connection, str(reason))

    def ended(self, link: EngineLink, reason: Reason) -> None:
        peer: _Peer = link.state
        for connection in peer.connections.values():
            try:
                self._leave(connection, reason)
            except Exception:
                logger.exception("socket application failed")
