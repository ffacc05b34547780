"""Every Engine.IO link of this process: who may connect, who is due, who has something to write. Knows no ASGI."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol

from parley.transports.engineio.deadlines import Deadlines
from parley.transports.engineio.link import Carrier, EngineLink, Handshake
from parley.transports.engineio.protocol import (
    Ended,
    EngineSession,
    Message,
    Pong,
    Reason,
    Transport,
    receive,
    receive_payload,
)
from parley.transports.engineio.send_buffer import SendBuffer
from parley.transports.engineio.settings import SocketSettings

FAREWELLS = 1000
"""How many ended links' last answers are kept for their next polls; the oldest make room."""
FAREWELL_BYTES = 16_384
"""Longer last words are dropped: the peer's next poll is told that its session is unknown."""


class EngineApp(Protocol):
    """The layer above Engine.IO. Nothing here may wait; per link, calls come in order."""

    def opened(self, link: EngineLink) -> None: ...
    def message(self, link: EngineLink, data: str | bytes) -> None: ...
    def ended(self, link: EngineLink, reason: Reason) -> None:
        """Called once for each link that was opened."""


class LinkRoster:
    """Opens, sweeps and ends links. One timer and one flush a tick serve all of them."""

    def __init__(self, app: EngineApp, settings: SocketSettings, clock: Callable[[], float] | None = None) -> None:
        self._app = app
        self._settings = settings
        self._clock = clock
        self._links: dict[str, EngineLink] = {}
        self._addresses: dict[str, int] = {}
        self._farewells: dict[str, list[bytes]] = {}
        self._unflushed: list[EngineLink] = []
        timing = settings.timing
        self._resolution = min(max(min(timing.ping_interval, timing.ping_timeout) / 50, 0.01), 0.5)
        self._wheel: Deadlines[EngineLink] | None = None
        self._sweep_at = 0.0
        self.is_shut = False

    def __len__(self) -> int:
        return len(self._links)

    def now(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    def find(self, sid: str) -> EngineLink | None:
        """The open link called `sid`, its heartbeat brought up to date."""
        link = self._links.get(sid)
        if link is not None:
            self.tick(link, self.now())
        return link if link is not None and link.is_open else None

    def take_farewell(self, sid: str) -> bytes | None:
        """What an ended link still has to answer to its peer's next poll."""
        bodies = self._farewells.get(sid)
        if bodies is None:
            return None
        if len(bodies) == 1:
            del self._farewells[sid]
        return bodies.pop(0)

    def refusal(self, address: str) -> str | None:
        """Why a new peer may not connect now; None when it may."""
        if self.is_shut:
            return "Server is shutting down"
        if len(self._links) >= self._settings.max_connections:
            return "Too many connections"
        limit = self._settings.max_connections_per_address
        if limit is not None and self._addresses.get(address, 0) >= limit:
            return "Too many connections from this address"
        return None

    def open(self, transport: Transport, carrier: Carrier, handshake: Handshake) -> EngineLink:
        """Admit a peer; the caller sends it the open packet and then calls `announce`."""
        now = self.now()
        session = EngineSession(secrets.token_urlsafe(15), transport, self._settings.timing, now)
        buffer = SendBuffer(self._settings.buffer_packets, self._settings.buffer_bytes)
        link = EngineLink(self, session, carrier, buffer, handshake)
        link.join_by = now + self._settings.connect_timeout
        self._links[session.sid] = link
        self._addresses[handshake.address] = self._addresses.get(handshake.address, 0) + 1
        self.expect(link)
        return link

    def announce(self, link: EngineLink) -> None:
        self._app.opened(link)

    def hear(self, link: EngineLink, packet: str | bytes) -> None:
        """Take one packet that came over the link's WebSocket."""
        event = receive(packet)
        if type(event) is Message:
            self._app.message(link, event.data)
        elif isinstance(event, Pong):
            self._pong(link)
        elif isinstance(event, Ended):
            self.end(link, event.reason)

    def hear_payload(self, link: EngineLink, body: bytes) -> bool:
        """Take the body of a POST; false when it was broken, and the link has ended."""
        for event in receive_payload(body):
            if not link.is_open:
                break
            if isinstance(event, Message):
                self._app.message(link, event.data)
            elif isinstance(event, Pong):
                self._pong(link)
            elif isinstance(event, Ended):
                self.end(link, event.reason)
                return event.reason is Reason.TRANSPORT_CLOSE
        return True

    def _pong(self, link: EngineLink) -> None:
        if link.session.pong(self.now()):
            self.expect(link)

    def flush_soon(self, link: EngineLink) -> None:
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.append(link)

    def _flush(self) -> None:
        links, self._unflushed = self._unflushed, []
        for link in links:
            if link.is_flush_due:
                link.flush()

    def end(self, link: EngineLink, reason: Reason) -> None:
        if not link.is_open:
            return
        link.is_open = False
        self._links.pop(link.session.sid, None)
        address = link.handshake.address
        if (left := self._addresses.get(address, 0) - 1) > 0:
            self._addresses[address] = left
        else:
            self._addresses.pop(address, None)
        farewell = link.carrier.close(reason, link.buffer.take())
        if farewell and reason is Reason.SERVER_CLOSE and sum(map(len, farewell)) <= FAREWELL_BYTES:
            while len(self._farewells) >= FAREWELLS:
                del self._farewells[next(iter(self._farewells))]
            self._farewells[link.session.sid] = farewell
        self._app.ended(link, reason)

    def shut(self, reason: Reason = Reason.SERVER_SHUTDOWN) -> None:
        """Admit nobody any more and end every link."""
        self.is_shut = True
        for link in list(self._links.values()):
            self.end(link, reason)

    def expect(self, link: EngineLink) -> None:
        """Look at `link` again when it is due; to be called whenever its deadline has moved."""
        if self._wheel is None:
            now = self.now()
            self._wheel = Deadlines(self._resolution, now)
            self._schedule(now)
        self._wheel.add(link)

    def _schedule(self, now: float) -> None:
        self._sweep_at = now + self._resolution
        if self._clock is None:
            asyncio.get_running_loop().call_later(self._resolution, self.sweep)

    def sweep(self) -> None:
        """Send the pings and end the silent. After a stall of this process the peers get one sweep's grace."""
        now = self.now()
        stalled = now - self._sweep_at > max(1.0, self._resolution * 4)
        if self._wheel is not None and not stalled:
            for link in list(self._wheel.sweep(now)):
                if link.is_open:
                    self.tick(link, now)
        if self._links:
            self._schedule(now)
        else:
            self._wheel = None

    def tick(self, link: EngineLink, now: float) -> None:
        """Do what is due for one link."""
        if now < link.due:
            return
        if now >= link.join_by:
            self.end(link, Reason.CONNECT_TIMEOUT)
            return
        beat = link.session.tick(now)
        if isinstance(beat, Ended):
            self.end(link, beat.reason)
        elif beat is not None:
            link.send(beat)
            self.expect(link)
