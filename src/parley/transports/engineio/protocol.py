"""Engine.IO 4, sans-I/O: packets and payloads come in, typed events and bytes go out. Knows no clock and no socket.

A packet is one digit and its data. Over a WebSocket each packet is one frame, and a binary message is a
binary frame without a digit. Over HTTP long-polling a payload is packets joined by U+001E, in which a binary
message is the letter `b` and its base64. Nothing here raises on what a peer sent: the answer to a broken
packet is `Ended`.

Source: the Engine.IO protocol, revision 4.
"""

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
PROBE_ANSWER = b"3probe"
SEPARATOR = b"\x1e"
PACKETS_A_PAYLOAD = 10_000
"""More packets than this in one long-polling payload are taken as an attack."""

Transport = Literal["polling", "websocket"]


class Binary:
    """An outgoing binary message; every other outgoing packet is the bytes of its text."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


Packet = bytes | Binary


class Reason(StrEnum):
    """Why a connection ended, in the words Socket.IO servers use."""

    TRANSPORT_CLOSE = "transport close"
    TRANSPORT_ERROR = "transport error"
    PING_TIMEOUT = "ping timeout"
    PARSE_ERROR = "parse error"
    CONNECT_TIMEOUT = "connect timeout"
    PAYLOAD_TOO_LARGE = "payload too large"
    SLOW_CONSUMER = "slow consumer"
    SERVER_CLOSE = "server namespace disconnect"
    SERVER_ERROR = "server error"
    SERVER_SHUTDOWN = "server shutting down"


class Message(msgspec.Struct, frozen=True, gc=False):
    """The peer sent text or binary to the layer above."""

    data: str | bytes


class Pong(msgspec.Struct, frozen=True, gc=False):
    """The peer answered the heartbeat."""


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """A packet that asks for nothing."""


class Ended(msgspec.Struct, frozen=True, gc=False):
    """The session, or the probing transport, must be closed."""

    reason: Reason
    detail: str = ""


class Probed(msgspec.Struct, frozen=True, gc=False):
    """The peer tries a new transport: answer `PROBE_ANSWER` there and release the pending poll."""


class Upgraded(msgspec.Struct, frozen=True, gc=False):
    """The peer now uses the new transport only."""


Received = Message | Pong | Ignored | Ended
PONG_RECEIVED, IGNORED, PROBED, UPGRADED = Pong(), Ignored(), Probed(), Upgraded()
CLOSED_BY_PEER = Ended(Reason.TRANSPORT_CLOSE, "close packet")


def receive(packet: str | bytes) -> Received:
    """Understand one packet of an open session; bytes are a binary message."""
    if isinstance(packet, bytes):
        return Message(packet)
    kind = packet[:1]
    if kind == "4":
        return Message(packet[1:])
    if packet == "3":
        return PONG_RECEIVED
    if packet == "1":
        return CLOSED_BY_PEER
    if kind == "6":
        return IGNORED
    return Ended(Reason.PARSE_ERROR, f"unexpected packet type {kind!r}")


def receive_payload(body: bytes) -> list[Received]:
    """Understand the body of a long-polling POST; the list ends at the first `Ended`."""
    if body.count(SEPARATOR) >= PACKETS_A_PAYLOAD:
        return [Ended(Reason.PARSE_ERROR, "too many packets")]
    try:
        packets = body.decode().split("\x1e")
    except UnicodeDecodeError:
        return [Ended(Reason.PARSE_ERROR, "payload is not UTF-8")]
    events: list[Received] = []
    for packet in packets:
        events.append(_receive_base64(packet[1:]) if packet[:1] == "b" else receive(packet))
        if isinstance(events[-1], Ended):
            break
    return events


def _receive_base64(text: str) -> Received:
    try:
        return Message(a2b_base64(text, strict_mode=True))
    except (Base64Error, ValueError):
        return Ended(Reason.PARSE_ERROR, "invalid base64")


def encode_payload(packets: Iterable[Packet]) -> bytes:
    """Join packets into the body of a long-polling answer."""
    return SEPARATOR.join(
        b"b" + b2a_base64(packet.data, newline=False) if isinstance(packet, Binary) else packet for packet in packets
    )


class Timing(msgspec.Struct, frozen=True):
    """How long a peer may stay silent. Seconds."""

    ping_interval: float = 25.0
    ping_timeout: float = 20.0


class EngineSession:
    """One peer's session: its handshake, its heartbeat and the change of its transport."""

    __slots__ = ("due", "is_awaiting_pong", "is_probing", "sid", "timing", "transport")

    def __init__(self, sid: str, transport: Transport, timing: Timing, now: float) -> None:
        self.sid = sid
        self.transport: Transport = transport
        self.timing = timing
        self.is_awaiting_pong = False
        self.is_probing = False
        self.due = now + timing.ping_interval

    def handshake(self, max_payload: int) -> bytes:
        """The open packet; an upgrade is offered to a polling peer only."""
        about = {
            "sid": self.sid,
            "upgrades": ["websocket"] if self.transport == "polling" else [],
            "pingInterval": round(self.timing.ping_interval * 1000),
            "pingTimeout": round(self.timing.ping_timeout * 1000),
            "maxPayload": max_payload,
        }
        return OPEN + msgspec.json.encode(about)

    def pong(self, now: float) -> bool:
        """Note the peer's answer to the heartbeat; false when none was asked for."""
        if not self.is_awaiting_pong:
            return False
        self.is_awaiting_pong = False
        self.due = now + self.timing.ping_interval
        return True

    def tick(self, now: float) -> bytes | Ended | None:
        """What the heartbeat asks for at `now`: a packet to send, the end, or nothing before `due`.

        The wait for the pong counts from when the ping was due, so that a coarse clock does not lengthen it,
        save where the ping itself was very late.
        """
        if now < self.due:
            return None
        if self.is_awaiting_pong:
            return Ended(Reason.PING_TIMEOUT)
        timeout = self.timing.ping_timeout
        self.is_awaiting_pong = True
        self.due = max(self.due, now - timeout / 4) + timeout
        return PING

    def probe(self, packet: str | bytes) -> Probed | Upgraded | Ended:
        """Understand a packet on the transport that the peer wants to change to."""
        if self.transport == "websocket":
            return Ended(Reason.TRANSPORT_ERROR, "already upgraded")
        if packet == "2probe":
            self.is_probing = True
            return PROBED
        if packet == "5" and self.is_probing:
            self.is_probing = False
            self.transport = "websocket"
            return UPGRADED
        return Ended(Reason.TRANSPORT_ERROR, "unexpected packet while probing")

    def abandon_probe(self) -> None:
        """The new transport went away before it was taken; the old one carries on."""
        self.is_probing = False
