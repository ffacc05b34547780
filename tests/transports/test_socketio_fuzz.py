"""Whatever bytes a peer sends, in whatever pieces, the protocol core answers with an event, never an exception."""

import os

from hostile_peer import MAX_PAYLOAD, Peer, hammer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.transports.engineio.protocol import receive, receive_payload
from parley.transports.engineio.websocket_frames import FrameReader
from parley.transports.socketio.protocol import Heard, SocketSession

BYTES_A_RUN = 12_000_000
BYTES_AN_EXAMPLE = 100_000
LONGER = int(os.environ.get("PARLEY_FUZZ_TIMES", "1"))

quick = settings(max_examples=300 * LONGER, deadline=None, suppress_health_check=list(HealthCheck))

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


heard = [0]


def test_ten_million_hostile_bytes_raise_nothing() -> None:
    heard[0] = 0
    hammer_with_any_seed()
    assert heard[0] >= 10_000_000


@settings(max_examples=BYTES_A_RUN // BYTES_AN_EXAMPLE * LONGER, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**64))
def hammer_with_any_seed(seed: int) -> None:
    heard[0] += hammer(seed, BYTES_AN_EXAMPLE)


@quick
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_in_any_pieces_are_frames_or_a_violation(pieces: list[bytes]) -> None:
    peer = Peer()
    for piece in pieces:
        peer.send_stream(piece)


@quick
@given(st.binary(max_size=500))
def test_the_pieces_that_bytes_come_in_do_not_change_what_is_heard(stream: bytes) -> None:
    at_once = FrameReader(MAX_PAYLOAD).feed(stream)
    reader = FrameReader(MAX_PAYLOAD)
    assert at_once == [frame for byte in stream for frame in reader.feed(bytes((byte,)))]


@quick
@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_packet_is_answered_with_an_event(packet: str | bytes) -> None:
    receive(packet)
    Peer().engine.probe(packet)


@quick
@given(st.binary(max_size=500))
def test_any_payload_is_answered_with_events(body: bytes) -> None:
    assert receive_payload(body)


@quick
@given(
    st.sampled_from("0123456"),
    st.text("0123456789-", max_size=6),
    st.sampled_from(["", "/custom,", "/", ",", "/x"]),
    st.text("0123456789", max_size=4),
    json_like,
    st.lists(st.binary(max_size=10), max_size=3),
)
def test_any_socket_packet_is_answered_with_an_event(
    kind: str, count: str, namespace: str, ack: str, value: object, attachments: list[bytes]
) -> None:
    import json

    session = SocketSession(frozenset({"/", "/custom"}), 10, 256, MAX_PAYLOAD)
    session.join("/")
    assert isinstance(session.receive(f"{kind}{count}{namespace}{ack}{json.dumps(value)}"), Heard)
    for attachment in attachments:
        assert isinstance(session.receive(attachment), Heard)
