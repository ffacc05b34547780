"""Receives connections and finds out which dialect each of them speaks."""

from __future__ import annotations

from typing import Any

from parley.session.house import House
from parley.transports.engineio import Reason
from parley.transports.socket.documented import Documented
from parley.transports.socket.widget import Widget
from parley.transports.socket_connection import Ack, SocketConnection

DIALECTS: dict[str, type[Documented] | type[Widget]] = {"client.start": Documented, "start": Widget}


class Reception:
    """The application behind the socket door. The first event of a connection chooses its dialect."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._present: set[SocketConnection] = set()

    def connected(self, connection: SocketConnection) -> None:
        """A connection is open; it has said nothing yet."""
        self._present.add(connection)

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None:
        """An event of a client."""
        speaker: Documented | Widget | None = connection.state
        if speaker is None:
            dialect = DIALECTS.get(event)
            if dialect is None:
                message = "The first event must be 'client.start' (or 'start')."
                connection.emit("error", {"code": "not_started", "error": message})
                return
            speaker = connection.state = dialect(connection, self._house)
        speaker.received(event, args[0] if args else {})
        if ack is not None:
            ack()

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        """A connection is gone; its session is not."""
        self._present.discard(connection)
        if connection.state is not None:
            connection.state.peer.gone()

    async def restart(self) -> None:
        """Tell every client that this server goes, and let go of them so that they come back elsewhere."""
        for connection in list(self._present):
            if connection.state is not None:
                await connection.state.restart()
            connection.cut(Reason.SERVER_SHUTDOWN)
