"""WebSocket frames, without any I/O."""

import pytest
from websockets.frames import Frame as TheirFrame
from websockets.frames import Opcode

from parley.transports.engineio.protocol import Binary
from parley.transports.engineio.websocket_frames import (
    BINARY,
    CLOSE,
    NOT_UTF8,
    PING,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    FrameReader,
    Violation,
    encode_close,
    encode_frames,
    read_close,
)


def frame(opcode: int, data: bytes, fin: bool = True, mask: bool = True) -> bytes:
    return TheirFrame(Opcode(opcode), data, fin).serialize(mask=mask)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_frame_of_any_size_is_read(opcode: int, size: int) -> None:
    assert FrameReader(1_000_000).feed(frame(opcode, b"x" * size)) == [(opcode, b"x" * size)]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_frames_may_come_in_any_pieces(chunk: int) -> None:
    stream = frame(TEXT, b"one") + frame(BINARY, b"y" * 300) + frame(PING, b"p") + frame(TEXT, b"z" * 70_000)
    reader = FrameReader(1_000_000)
    heard = [each for at in range(0, len(stream), chunk) for each in reader.feed(stream[at : at + chunk])]
    assert heard == [(TEXT, b"one"), (BINARY, b"y" * 300), (PING, b"p"), (TEXT, b"z" * 70_000)]


def test_fragments_are_joined_around_a_ping() -> None:
    stream = frame(TEXT, b"on", fin=False) + frame(PING, b"p") + frame(0, b"e", fin=False) + frame(0, b"!")
    assert FrameReader(1000).feed(stream) == [(PING, b"p"), (TEXT, b"one!")]


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (frame(TEXT, b"x", mask=False), PROTOCOL_ERROR),
        (frame(TEXT, b"x" * 1001), TOO_BIG),
        (frame(TEXT, b"x" * 600, fin=False) + frame(0, b"x" * 600), TOO_BIG),
        (b"\x00\xff" + (1 << 62).to_bytes(8, "big"), PROTOCOL_ERROR),
        (b"\x81\xff" + (1 << 62).to_bytes(8, "big"), TOO_BIG),
        (frame(0, b"x"), PROTOCOL_ERROR),
        (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), PROTOCOL_ERROR),
        (bytes((0xC1, 0x80, 0, 0, 0, 0)), PROTOCOL_ERROR),
        (bytes((0x83, 0x80, 0, 0, 0, 0)), PROTOCOL_ERROR),
        (bytes((0x09, 0x80, 0, 0, 0, 0)), PROTOCOL_ERROR),
        (bytes((0x89, 0xFE, 0, 200, 0, 0, 0, 0)), PROTOCOL_ERROR),
    ],
    ids=[
        "unmasked", "too long", "fragments too long", "endless continuation",
        "absurdly long", "continuation of nothing", "two at once",
        "reserved bits", "unknown opcode", "fragmented ping", "long ping",
    ],
)  # fmt: skip
def test_a_violation_is_the_last_thing_heard(stream: bytes, code: int) -> None:
    for size in (len(stream), 1):
        reader = FrameReader(1000)
        heard = [each for at in range(0, len(stream), size) for each in reader.feed(stream[at : at + size])]
        assert isinstance(heard[-1], Violation)
        assert heard[-1].code == code
        assert reader.feed(frame(TEXT, b"hello")) == []


def test_a_long_message_of_tiny_fragments_is_refused() -> None:
    heard = FrameReader(1_000_000).feed(frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 2000)
    assert isinstance(heard[-1], Violation)


def test_what_is_written_is_what_a_client_reads() -> None:
    from websockets.client import ClientProtocol
    from websockets.protocol import State
    from websockets.uri import parse_uri

    client = ClientProtocol(parse_uri("ws://localhost/"))
    client.state = State.OPEN
    client.parser = client.parse()
    next(client.parser)
    client.receive_data(encode_frames([b"4hello", Binary(b"\1\2"), b"4" + b"x" * 200, b"4" + b"y" * 70_000]))
    heard = [(int(each.opcode), bytes(each.data)) for each in client.events_received()]  # type: ignore[union-attr]
    assert heard == [(TEXT, b"4hello"), (BINARY, b"\1\2"), (TEXT, b"4" + b"x" * 200), (TEXT, b"4" + b"y" * 70_000)]


def test_a_close_frame_says_why() -> None:
    packet = encode_close(NOT_UTF8, "text is not UTF-8")
    assert packet[0] == 0x80 | CLOSE
    assert read_close(packet[2:]) == (NOT_UTF8, "text is not UTF-8")


@pytest.mark.parametrize(("payload", "code"), [(b"", 1005), (b"\x03", PROTOCOL_ERROR), (b"\x03\xe8\xff", 1000)])
def test_a_close_frame_of_a_peer_is_read_whatever_it_holds(payload: bytes, code: int) -> None:
    assert read_close(payload)[0] == code
