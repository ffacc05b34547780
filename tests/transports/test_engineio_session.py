"""Engine.IO packets, payloads, heartbeat and upgrade, without any I/O."""

import json

import pytest

from parley.transports.engineio.protocol import (
    IGNORED,
    PACKETS_A_PAYLOAD,
    PING,
    PROBED,
    UPGRADED,
    Binary,
    Ended,
    EngineSession,
    Message,
    Pong,
    Reason,
    Timing,
    encode_payload,
    receive,
    receive_payload,
)

TIMING = Timing(ping_interval=25.0, ping_timeout=20.0)


def polling_session(now: float = 0.0) -> EngineSession:
    return EngineSession("s1", "polling", TIMING, now)


def test_a_polling_peer_is_offered_the_upgrade() -> None:
    packet = polling_session().handshake(1_000_000)
    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": "s1",
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 1_000_000,
    }


def test_a_websocket_peer_is_offered_no_upgrade() -> None:
    session = EngineSession("s1", "websocket", TIMING, 0.0)
    assert json.loads(session.handshake(10)[1:])["upgrades"] == []


@pytest.mark.parametrize(
    ("packet", "event"),
    [
        ("4hello", Message("hello")),
        ("4", Message("")),
        (b"\x01\x02", Message(b"\x01\x02")),
        ("3", Pong()),
        ("6", IGNORED),
        ("1", Ended(Reason.TRANSPORT_CLOSE, "close packet")),
    ],
)
def test_a_packet_is_understood(packet: str | bytes, event: object) -> None:
    assert receive(packet) == event


@pytest.mark.parametrize("packet", ["", "abc", "0{}", "2", "2probe", "5", "3probe", "7", "\x00", "é"])
def test_a_packet_that_no_client_may_send_ends_the_session(packet: str) -> None:
    event = receive(packet)
    assert isinstance(event, Ended)
    assert event.reason is Reason.PARSE_ERROR


def test_a_payload_holds_text_and_binary_in_order() -> None:
    assert receive_payload(b"4one\x1ebAQIDBA==\x1e4two") == [Message("one"), Message(b"\1\2\3\4"), Message("two")]


def test_a_payload_is_encoded_with_separators_and_base64() -> None:
    assert encode_payload([b"4hello", Binary(b"\1\2\3\4"), b"2"]) == b"4hello\x1ebAQIDBA==\x1e2"


@pytest.mark.parametrize("body", [b"", b"4ok\x1e", b"bnot base64", b"b\xc3\xa9", b"\xff\xfe", b"4a\x1eabc"])
def test_a_broken_payload_ends_the_session(body: bytes) -> None:
    last = receive_payload(body)[-1]
    assert isinstance(last, Ended)
    assert last.reason is Reason.PARSE_ERROR


def test_nothing_is_heard_after_a_broken_packet() -> None:
    assert len(receive_payload(b"4a\x1eabc\x1e4b")) == 2


def test_a_payload_of_too_many_packets_is_refused_unread() -> None:
    events = receive_payload(b"\x1e".join([b"6"] * (PACKETS_A_PAYLOAD + 1)))
    assert events == [Ended(Reason.PARSE_ERROR, "too many packets")]


def test_a_ping_goes_out_after_the_interval() -> None:
    session = polling_session(now=100.0)
    assert session.tick(124.9) is None
    assert session.tick(125.0) == PING
    assert session.tick(125.1) is None


def test_a_peer_that_answers_stays() -> None:
    session = polling_session()
    for now in (25.0, 51.0, 77.0):
        assert session.tick(now) == PING
        assert session.pong(now + 1.0)
        assert session.tick(now + 20.0) is None


def test_a_peer_that_does_not_answer_ends() -> None:
    session = polling_session()
    session.tick(25.0)
    assert session.tick(44.9) is None
    assert session.tick(45.0) == Ended(Reason.PING_TIMEOUT)


def test_the_pong_is_due_from_when_the_ping_was_due() -> None:
    session = polling_session()
    session.tick(25.5)
    assert session.due == 45.0


def test_a_very_late_ping_leaves_time_to_answer() -> None:
    session = polling_session()
    assert session.tick(60.0) == PING
    assert session.due == 60.0 - TIMING.ping_timeout / 4 + TIMING.ping_timeout


def test_a_pong_that_nobody_asked_for_buys_no_time() -> None:
    session = polling_session()
    assert not session.pong(20.0)
    assert session.due == 25.0


def test_an_upgrade_is_a_probe_and_then_a_packet() -> None:
    session = polling_session()
    assert session.probe("2probe") == PROBED
    assert session.is_probing
    assert session.probe("5") == UPGRADED
    assert session.transport == "websocket"


@pytest.mark.parametrize("packet", ["5", "4hello", "2", b"2probe", "", "3probe"])
def test_a_new_transport_that_does_not_probe_is_refused(packet: str | bytes) -> None:
    session = polling_session()
    assert isinstance(session.probe(packet), Ended)
    assert session.transport == "polling"


def test_an_abandoned_probe_must_be_repeated() -> None:
    session = polling_session()
    session.probe("2probe")
    session.abandon_probe()
    assert isinstance(session.probe("5"), Ended)


def test_an_upgraded_session_cannot_be_upgraded_again() -> None:
    session = polling_session()
    session.probe("2probe")
    session.probe("5")
    assert isinstance(session.probe("2probe"), Ended)
