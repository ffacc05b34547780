"""A peer that sends garbage and almost-valid packets through the whole sans-I/O stack. Used by the fuzz tests."""

import random
from collections.abc import Iterator

from parley.transports.engineio.protocol import Ended, EngineSession, Message, Timing, receive, receive_payload
from parley.transports.engineio.websocket_frames import FrameReader, Violation
from parley.transports.socketio.protocol import Malformed, SocketSession

MAX_PAYLOAD = 20_000
HEADER = 14

GOOD_PACKETS = [
    "40", '40{"token":"123"}', "40/custom,", '40/custom,{"token":"abc"}', "40/random", "41", "41/custom,",
    '42["message",1,"2",{"3":[true]}]', '42456["message-with-ack",1,"2",{"3":[false]}]', '43456[1,"2",{}]',
    '42/custom,12["client.start",{"userID":"u","config":{"completionEvents":true}}]', "3", "6", "1", "2probe", "5",
    '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    '461-7[{"_placeholder":true,"num":0}]',
    '42["action.send",{"action":{"type":"text","payload":"h\\ud83d\\ude00 \\u00e9"}}]',
    '42["a",' + "[" * 300 + "]" * 300 + "]",
    "42[" + '"x"' * 3, '42["deep",' + '{"a":' * 500 + "1" + "}" * 500 + "]", "4" + "9" * 400, "450-[]", "459999-[]",
]  # fmt: skip
ALPHABET = b'0123456789[]{}",:-/\\b\x1e\x00\xff\xf0\x9f\x98\x80_placeholdernumtrue'


def mutate(packet: bytes, dice: random.Random) -> bytes:
    """`packet` with a few bytes changed, dropped, doubled or put in."""
    data = bytearray(packet)
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0:
                data[at:at] = bytes((dice.choice(ALPHABET),))
            case 1:
                del data[at : at + dice.randrange(1, 8)]
            case 2:
                data[at : at + 1] = dice.randbytes(1)
            case 3:
                data[at:at] = data[: dice.randrange(1, 40)]
            case _:
                data[at:at] = dice.randbytes(dice.randrange(1, 60))
    return bytes(data)


def masked_frame(payload: bytes, dice: random.Random) -> bytes:
    """A client's frame, now and then with a header that is not right."""
    first = dice.choice((0x81, 0x81, 0x81, 0x82, 0x82, 0x89, 0x8A, 0x01, 0x80, 0x00))
    if dice.random() < 0.02:
        first = dice.randrange(256)
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    else:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def packets(dice: random.Random, size: int) -> Iterator[bytes]:
    """Packets of about `size` bytes in all: mutated valid ones, and garbage."""
    sent = 0
    while sent < size:
        if dice.random() < 0.01:
            packet = dice.randbytes(dice.randrange(5000))
        else:
            packet = mutate(dice.choice(GOOD_PACKETS).encode(), dice)
        sent += len(packet)
        yield packet


class Peer:
    """The server's whole protocol stack for one connection; a connection that has to close is opened anew."""

    def __init__(self) -> None:
        self.frames = FrameReader(MAX_PAYLOAD)
        self.engine = EngineSession("s", "polling", Timing(), 0.0)
        self.sockets = SocketSession(frozenset({"/", "/custom"}), 10, 256, MAX_PAYLOAD)
        self.sockets.join("/")
        self.is_open = True

    def send_stream(self, data: bytes) -> None:
        for frame in self.frames.feed(data):
            if isinstance(frame, Violation):
                self.is_open = False
                return
            opcode, payload = frame
            if opcode == 1:
                self.send_packet(payload.decode(errors="replace"))
            elif opcode == 2:
                self.send_packet(payload)
        rest = self.frames._rest
        assert rest is None or len(rest) <= MAX_PAYLOAD + HEADER

    def send_packet(self, packet: str | bytes) -> None:
        self.engine.probe(packet)
        self._hear(receive(packet))

    def send_payload(self, body: bytes) -> None:
        for event in receive_payload(body):
            self._hear(event)

    def _hear(self, event: object) -> None:
        if isinstance(event, Message):
            heard = self.sockets.receive(event.data)
            self.is_open = self.is_open and not isinstance(heard, Malformed)
        elif isinstance(event, Ended):
            self.is_open = False


def hammer(seed: int, size: int) -> int:
    """Send `size` bytes and more, framed in random pieces and as payloads; returns how many were sent."""
    dice = random.Random(seed)
    sent = 0
    for packet in packets(dice, size // 2):
        # A few frames a connection: after one that is broken nothing more is read.
        stream = masked_frame(packet, dice) + masked_frame(dice.choice(GOOD_PACKETS).encode(), dice)
        sent += _send_in_pieces(stream, dice)
    peer = Peer()
    for packet in packets(dice, size // 2):
        body = packet + b"\x1e" + mutate(b'bAQIDBA==\x1e42["a"]', dice)
        peer.send_payload(body)
        peer.send_packet(packet.decode(errors="replace"))
        sent += len(body)
        if not peer.is_open:
            peer = Peer()
    return sent


def _send_in_pieces(stream: bytes, dice: random.Random) -> int:
    peer = Peer()
    step = dice.choice((1, 2, 5, 17, 100, 1500, 9000))
    for at in range(0, len(stream), step):
        peer.send_stream(stream[at : at + step])
        if not peer.is_open:
            return at
    return len(stream)
