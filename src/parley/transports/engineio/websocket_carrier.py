"""A WebSocket under an Engine.IO link, from the probe of an upgrade to the close. Knows no ASGI."""

from collections.abc import Callable

from parley.transports.engineio.direct_websocket import WebSocketWire
from parley.transports.engineio.link import CLOSE_CODES, CLOSE_TEXTS, EngineLink
from parley.transports.engineio.protocol import PROBE_ANSWER, Packet, Probed, Reason, Upgraded
from parley.transports.engineio.send_buffer import SendBuffer

Hear = Callable[[EngineLink, str | bytes], None]


class WebSocketCarrier:
    """Carries the packets of a link that lives on a WebSocket."""

    __slots__ = ("_hear", "link", "wire")

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self.link: EngineLink | None = None
        self.wire: WebSocketWire | None = None

    def deliver(self, buffer: SendBuffer) -> None:
        if self.wire is not None and self.wire.is_writable:
            self.wire.write(buffer.take())

    def release_poll(self) -> None:
        pass

    def close(self, reason: Reason, left: list[Packet]) -> list[bytes]:
        if self.wire is not None:
            if left and self.wire.is_writable:
                self.wire.write(left)
            self.wire.close(CLOSE_CODES[reason], CLOSE_TEXTS.get(reason, reason))
        return []

    def heard(self, packet: str | bytes) -> None:
        link = self.link
        if link is not None and link.is_open:
            link.is_flush_due = True
            self._hear(link, packet)

    def drained(self) -> None:
        if self.link is not None and not self.link.is_flush_later:
            self.link.flush()

    def lost(self, code: int) -> None:
        link, self.link, self.wire = self.link, None, None
        if link is not None:
            link.end(Reason.PAYLOAD_TOO_LARGE if code == 1009 else Reason.TRANSPORT_CLOSE)


class ProbingCarrier:
    """A second WebSocket that a polling peer opened; it becomes the link's carrier once the peer says so."""

    __slots__ = ("_hear", "_link", "_taken", "wire")

    def __init__(self, link: EngineLink, hear: Hear) -> None:
        self._hear = hear
        self._link = link
        self._taken: WebSocketCarrier | None = None
        self.wire: WebSocketWire | None = None

    def heard(self, packet: str | bytes) -> None:
        if self._taken is not None:
            self._taken.heard(packet)
            return
        if self.wire is None:
            return
        step = self._link.session.probe(packet) if self._link.is_open else None
        if isinstance(step, Probed):
            self.wire.write([PROBE_ANSWER])
            self._link.carrier.release_poll()
        elif isinstance(step, Upgraded):
            self._take()
        else:
            self.give_up()

    def _take(self) -> None:
        """The peer has left polling: its WebSocket carries the link from here."""
        self._taken = WebSocketCarrier(self._hear)
        self._taken.link, self._taken.wire = self._link, self.wire
        polling, self._link.carrier = self._link.carrier, self._taken
        polling.release_poll()
        self._link.flush()

    def give_up(self) -> None:
        """Close this WebSocket; the link stays on polling."""
        if self._taken is None and self.wire is not None:
            self._link.session.abandon_probe()
            self.wire.close(CLOSE_CODES[Reason.TRANSPORT_ERROR], "unexpected packet while probing")
            self.wire = None

    def drained(self) -> None:
        if self._taken is not None:
            self._taken.drained()

    def lost(self, code: int) -> None:
        if self._taken is not None:
            self._taken.lost(code)
        else:
            self._link.session.abandon_probe()
            self.wire = None
