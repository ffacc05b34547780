"""RFC 6455 frames of a server without extensions, sans-I/O: received bytes come in, messages and controls go out.

Nothing here raises on what a peer sent: a broken frame becomes `Violation`, after which the reader is deaf.
"""

import msgspec

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from parley.transports.engineio.protocol import Binary, Packet

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_CODE, ABNORMAL = 1000, 1001, 1002, 1005, 1006
NOT_UTF8, TOO_BIG = 1007, 1009
MAX_CONTROL = 125
MAX_FRAGMENTS = 1024
_FIN, _OPCODE, _RESERVED, _MASKED, _LENGTH = 0x80, 0x0F, 0x70, 0x80, 0x7F
_WHOLE = (_FIN | TEXT, _FIN | BINARY)
_SHORT_TEXT = tuple(bytes((_FIN | TEXT, length)) for length in range(126))


class Violation(msgspec.Struct, frozen=True):
    """The peer broke the protocol or a limit; close with this code."""

    code: int
    reason: str


Frame = tuple[int, bytes]
"""An opcode and its unmasked payload; fragments are joined."""


class FrameReader:
    """Cuts a stream into whole messages. A frame that is not here yet costs no second look until it is."""

    __slots__ = ("_fragments", "_fragments_size", "_is_deaf", "_max_size", "_opcode", "_rest", "_wanted")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._rest: bytearray | None = None
        self._wanted = 0
        self._fragments: list[bytes] | None = None
        self._fragments_size = 0
        self._opcode = 0
        self._is_deaf = False

    def feed(self, data: bytes) -> list[Frame | Violation]:
        """Whole messages and controls in order; a `Violation` is the last there will be."""
        if self._is_deaf or (self._rest is not None and not (data := self._complete(self._rest, data))):
            return []
        frames: list[Frame | Violation] = []
        position, end = 0, len(data)
        while position < end:
            if (
                end - position > 6
                and data[position] in _WHOLE
                and 0x80 < data[position + 1] < 0xFE
                and self._fragments is None
            ):
                start = position + 6
                stop = start + data[position + 1] - _MASKED
                if stop <= end and stop - start <= self._max_size:
                    frames.append((data[position] & _OPCODE, apply_mask(data[start:stop], data[start - 4 : start])))
                    position = stop
                    continue
            start, length = _header(data, position, end)
            broken = self._refusal(data, position, length or 0) if end - position >= 2 else None
            if broken is not None:
                self._is_deaf = True
                frames.append(broken)
                return frames
            stop = start - 4 if length is None else start + length
            if length is None or stop > end:
                self._rest = bytearray(data[position:])
                self._wanted = stop - position
                return frames
            payload: bytes = apply_mask(data[start:stop], data[start - 4 : start])
            first = data[position]
            frame = (first & _OPCODE, payload) if first in _WHOLE else self._assemble(first, payload)
            if frame is not None:
                frames.append(frame)
            position = stop
        return frames

    def _complete(self, rest: bytearray, data: bytes) -> bytes:
        """What was kept with `data` after it; nothing while that is still too little."""
        rest += data
        if len(rest) < self._wanted:
            return b""
        self._rest = None
        return bytes(rest)

    def _refusal(self, data: bytes, position: int, length: int) -> Violation | None:
        first = data[position]
        opcode = first & _OPCODE
        if not data[position + 1] & _MASKED:
            return Violation(PROTOCOL_ERROR, "frame is not masked")
        if first & _RESERVED:
            return Violation(PROTOCOL_ERROR, "reserved bits are set")
        if opcode in (CLOSE, PING, PONG):
            if length > MAX_CONTROL or not first & _FIN:
                return Violation(PROTOCOL_ERROR, "control frame is too long or fragmented")
            return None
        if opcode not in (CONTINUATION, TEXT, BINARY):
            return Violation(PROTOCOL_ERROR, "unknown opcode")
        if opcode == CONTINUATION and (self._fragments is None or len(self._fragments) >= MAX_FRAGMENTS):
            return Violation(PROTOCOL_ERROR, "unexpected continuation")
        if opcode != CONTINUATION and self._fragments is not None:
            return Violation(PROTOCOL_ERROR, "a message is unfinished")
        # Last, because it alone needs the length, which may not be here yet: the order must not change the answer.
        if length + self._fragments_size > self._max_size:
            return Violation(TOO_BIG, "message is too big")
        return None

    def _assemble(self, first: int, payload: bytes) -> Frame | None:
        opcode = first & _OPCODE
        if opcode >= CLOSE:
            return opcode, payload
        if self._fragments is None:
            self._opcode, self._fragments, self._fragments_size = opcode, [], 0
        self._fragments.append(payload)
        self._fragments_size += len(payload)
        if not first & _FIN:
            return None
        whole, self._fragments, self._fragments_size = b"".join(self._fragments), None, 0
        return self._opcode, whole


def _header(data: bytes, position: int, end: int) -> tuple[int, int | None]:
    """Where the payload begins, after the mask, and its length; None while the bytes of the length are not here."""
    if end - position < 2:
        return position + 6, None
    length = data[position + 1] & _LENGTH
    if length < 126:
        return position + 6, length
    size = 2 if length == 126 else 8
    if end - position < 2 + size:
        return position + 6 + size, None
    return position + 6 + size, int.from_bytes(data[position + 2 : position + 2 + size], "big")


def read_close(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame; `PROTOCOL_ERROR` for one that is broken."""
    if not payload:
        return NO_CODE, ""
    if len(payload) == 1:
        return PROTOCOL_ERROR, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode(errors="replace")


def encode_frames(packets: list[Packet]) -> bytes:
    """One frame a packet, joined for one write."""
    pieces: list[bytes] = []
    for packet in packets:
        if isinstance(packet, Binary):
            pieces += (_encode_head(BINARY, len(packet.data)), packet.data)
        else:
            length = len(packet)
            pieces += (_SHORT_TEXT[length] if length < 126 else _encode_head(TEXT, length), packet)
    return b"".join(pieces)


def encode_control(opcode: int, payload: bytes = b"") -> bytes:
    return _encode_head(opcode, len(payload)) + payload


def encode_close(code: int, reason: str) -> bytes:
    return encode_control(CLOSE, code.to_bytes(2, "big") + reason.encode()[: MAX_CONTROL - 2])


def _encode_head(opcode: int, length: int) -> bytes:
    if length < 126:
        return bytes((_FIN | opcode, length))
    if length < 1 << 16:
        return bytes((_FIN | opcode, 126)) + length.to_bytes(2, "big")
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8, "big")
