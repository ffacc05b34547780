"""One Engine.IO connection as the layer above holds it: it sends without waiting and is ended once. Knows no ASGI."""

from math import inf
from typing import Any, Protocol

import msgspec

from parley.transports.engineio.protocol import EngineSession, Packet, Reason
from parley.transports.engineio.send_buffer import SendBuffer

SLOW_CONSUMER_CODE = 4008
"""WebSocket close code of a peer that read too slowly: it should come back and resume."""
CLOSE_CODES = {
    Reason.TRANSPORT_CLOSE: 1000,
    Reason.TRANSPORT_ERROR: 1002,
    Reason.PING_TIMEOUT: 4001,
    Reason.PARSE_ERROR: 4002,
    Reason.CONNECT_TIMEOUT: 4003,
    Reason.SLOW_CONSUMER: SLOW_CONSUMER_CODE,
    Reason.PAYLOAD_TOO_LARGE: 1009,
    Reason.SERVER_CLOSE: 1000,
    Reason.SERVER_ERROR: 1011,
    Reason.SERVER_SHUTDOWN: 1012,
}
CLOSE_TEXTS = {Reason.SLOW_CONSUMER: "slow consumer: reconnect and resume"}


class Handshake(msgspec.Struct, frozen=True):
    """Who connected, as far as it is remembered. Header names are lower case."""

    address: str
    query: str
    headers: dict[str, str]


class Carrier(Protocol):
    """How packets leave: a WebSocket, or whichever poll is waiting."""

    def deliver(self, buffer: SendBuffer) -> None:
        """Write what can be written without waiting; the rest stays in the buffer."""

    def release_poll(self) -> None:
        """Answer a waiting poll, if there is one, so that the peer stops polling."""

    def close(self, reason: Reason, left: list[Packet]) -> list[bytes]:
        """Write what is left, say goodbye, and go. Returns the answers that next polls have still to get."""


class LinkKeeper(Protocol):
    """What a link asks of the door that made it."""

    def flush_soon(self, link: "EngineLink") -> None: ...
    def expect(self, link: "EngineLink") -> None: ...
    def end(self, link: "EngineLink", reason: Reason) -> None: ...


class EngineLink:
    """A peer, whichever transport it is on. `state` belongs to the layer above."""

    __slots__ = (
        "_keeper",
        "buffer",
        "carrier",
        "handshake",
        "is_flush_due",
        "is_flush_later",
        "is_open",
        "join_by",
        "session",
        "state",
    )

    def __init__(
        self,
        keeper: LinkKeeper,
        session: EngineSession,
        carrier: Carrier,
        buffer: SendBuffer,
        handshake: Handshake,
    ) -> None:
        self._keeper = keeper
        self.session = session
        self.carrier = carrier
        self.buffer = buffer
        self.handshake = handshake
        self.is_open = True
        self.is_flush_due = False
        self.is_flush_later = False
        self.join_by = inf
        """When the peer must have joined the layer above; see `joined`."""
        self.state: Any = None

    @property
    def due(self) -> float:
        return min(self.session.due, self.join_by)

    def send(self, packet: Packet) -> None:
        """Queue one packet; what is queued in one tick of the loop leaves in one write."""
        if self.is_open:
            self.buffer.append(packet)
            if not self.is_flush_due:
                self.is_flush_due = True
                self._keeper.flush_soon(self)

    def joined(self) -> None:
        """The peer has joined the layer above: only its heartbeat counts from here."""
        self.join_by = inf
        self._keeper.expect(self)

    def part(self) -> None:
        """Write what waits now, and what is sent from here on with a later tick.

        For a first answer that peers want to see alone before anything else reaches them.
        """
        self.flush()
        self.is_flush_due = self.is_flush_later = True
        self._keeper.flush_soon(self)

    def flush(self) -> None:
        """Write what waits, or cut a peer whose buffer has overflowed."""
        self.is_flush_due = self.is_flush_later = False
        if not self.is_open:
            return
        if self.buffer.is_overflowed:
            self._keeper.end(self, Reason.SLOW_CONSUMER)
        elif self.buffer.packets:
            self.carrier.deliver(self.buffer)

    def end(self, reason: Reason) -> None:
        """Close for good; what was queued before still goes out if the peer reads."""
        self._keeper.end(self, reason)
