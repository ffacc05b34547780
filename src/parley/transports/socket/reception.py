"""Receives connections and finds out which dialect each of them speaks."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from parley.errors import ParleyError
from parley.session.house import House
from parley.transports.engineio.protocol import Reason
from parley.transports.socket.documented import Documented
from parley.transports.socket.widget import Widget
from parley.transports.socketio.connection import Ack, SocketConnection

log = structlog.get_logger()

DIALECTS: dict[str, type[Documented] | type[Widget]] = {
    "client.start": Documented,
    "session.create": Documented,
    "action.send": Documented,
    "start": Widget,
    "session-key-update": Widget,
    "action": Widget,
    "cancel": Widget,
    "keep-alive": Widget,
}


class Reception:
    """The application behind the socket door. The first event of a connection chooses its dialect."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._present: set[SocketConnection] = set()
        self._is_closing = False

    def connected(self, connection: SocketConnection) -> None:
        """A connection is open; it has said nothing yet."""
        if self._is_closing:
            # Cut and not refused: a client that is refused does not try again by itself.
            connection.cut(Reason.SERVER_SHUTDOWN)
        else:
            self._present.add(connection)

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None:
        """An event of a client. An ack says that it has arrived, and nothing more."""
        speaker: Documented | Widget | None = connection.state
        if speaker is None:
            dialect = DIALECTS.get(event)
            if dialect is not None:
                speaker = connection.state = dialect(connection, self._house)
        if speaker is not None:
            speaker.received(event, args[0] if args else {})
        else:
            message = "The first event must be 'client.start' (or 'start')."
            connection.emit("error", {"code": "not_started", "error": message})
        if ack is not None:
            ack()

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        """A connection is gone; its session is not."""
        self._present.discard(connection)
        if connection.state is not None:
            connection.state.peer.gone()

    def close(self) -> None:
        """Let nobody in any more; who is in may stay."""
        self._is_closing = True

    async def restart(self) -> None:
        """Tell every client that this server goes, and let go of them so that they come back elsewhere."""
        self.close()
        present = list(self._present)
        for connection in present:
            if connection.state is not None:
                connection.state.peer.is_leaving = True
        await asyncio.gather(*(_send_away(connection) for connection in present))


async def _send_away(connection: SocketConnection) -> None:
    try:
        if connection.state is not None:
            await connection.state.restart()
    except ParleyError as error:
        # What could not be handed back is performed by the session's next owner.
        log.warning("not handed back", error=error.code)
    finally:
        connection.cut(Reason.SERVER_SHUTDOWN)
