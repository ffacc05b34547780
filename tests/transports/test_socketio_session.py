"""Socket.IO packets in and out, without any I/O."""

import msgspec
import pytest

from parley.transports.engineio.protocol import Binary
from parley.transports.socketio.packets import (
    encode_ack_packets,
    encode_connect,
    encode_connect_error,
    encode_disconnect,
    encode_event,
    encode_event_packets,
)
from parley.transports.socketio.protocol import (
    AckReceived,
    EventReceived,
    Joining,
    Left,
    Malformed,
    Partial,
    Refused,
    SocketSession,
)


def fresh() -> SocketSession:
    return SocketSession(frozenset({"/", "/custom"}), max_attachments=3, max_event_name=20, max_payload=1000)


def joined() -> SocketSession:
    session = fresh()
    session.join("/")
    return session


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("0", Joining("/", {})),
        ('0{"token":"1"}', Joining("/", {"token": "1"})),
        ("0/custom,", Joining("/custom", {})),
        ("0/custom", Joining("/custom", {})),
        ('0/custom,{"a":1}', Joining("/custom", {"a": 1})),
        ("0/custom?x=1,{}", Joining("/custom", {})),
        ("0/random", Refused("/random", "Invalid namespace")),
    ],
)
def test_a_peer_asks_to_join(text: str, event: object) -> None:
    assert fresh().receive(text) == event


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ('2["hi"]', EventReceived("/", "hi", [], None)),
        ('2["hi",1,{"a":[true]}]', EventReceived("/", "hi", [1, {"a": [True]}], None)),
        ('2456["hi",null]', EventReceived("/", "hi", [None], 456)),
        ('312["answer"]', AckReceived("/", 12, ["answer"])),
        ('50-["hi"]', EventReceived("/", "hi", [], None)),
        ("1", Left("/")),
    ],
)
def test_a_packet_of_a_joined_peer_is_understood(text: str, event: object) -> None:
    assert joined().receive(text) == event


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "9", "2", "2{}", "2[]", "2[1]", "2[null]", '2["a"', "2[" * 50, '2abc["a"]', '2["connect"]',
        '2["disconnect",1]', '2["' + "x" * 21 + '"]', "0", "0[]", "0null", '0"x"', '012{"a":1}', "1{}", "3[]",
        '3["a"]', "312{}", '4{"message":"no"}', '21-["a"]', '5["a"]', '54-["a"]', '6["a"]', '5999999999999-["a"]',
        '2/custom,["a"]', '2["a",1e999]', '2["a"]x', "2" + "9" * 30 + '["a"]', "0/" + "x" * 300 + ",",
    ],
)  # fmt: skip
def test_a_broken_packet_is_malformed(text: str) -> None:
    assert isinstance(joined().receive(text), Malformed)


def test_deep_json_is_malformed_and_not_an_exception() -> None:
    assert isinstance(joined().receive('2["a",' + "[" * 200_000 + "]" * 200_000 + "]"), Malformed)


def test_deep_json_with_attachments_is_filled_without_recursion() -> None:
    session = joined()
    deep = "[" * 900 + '{"_placeholder":true,"num":0}' + "]" * 900
    assert isinstance(session.receive(f'51-["a",{deep}]'), Partial)
    value = session.receive(b"bytes")
    assert isinstance(value, EventReceived)
    inner: object = value.args
    while isinstance(inner, list):
        inner = inner[0]
    assert inner == b"bytes"


def test_an_event_before_joining_is_malformed() -> None:
    assert isinstance(fresh().receive('2["hi"]'), Malformed)


def test_a_peer_that_left_may_join_again() -> None:
    session = joined()
    session.receive("1")
    assert session.joined == ()
    assert session.receive("0") == Joining("/", {})


def test_attachments_take_the_place_of_their_placeholders() -> None:
    session = joined()
    text = '52-7["up",{"_placeholder":true,"num":1},{"in":[{"_placeholder":true,"num":0}]}]'
    assert isinstance(session.receive(text), Partial)
    assert isinstance(session.receive(b"zero"), Partial)
    assert session.receive(b"one") == EventReceived("/", "up", [b"one", {"in": [b"zero"]}], 7)


def test_a_binary_answer_is_an_ack() -> None:
    session = joined()
    session.receive('61-3[{"_placeholder":true,"num":0}]')
    assert session.receive(b"x") == AckReceived("/", 3, [b"x"])


@pytest.mark.parametrize("number", ["1", "-1", "true", '"0"', "0.5", "null"])
def test_a_placeholder_that_names_no_attachment_is_malformed(number: str) -> None:
    session = joined()
    session.receive('51-["up",{"_placeholder":true,"num":' + number + "}]")
    assert isinstance(session.receive(b"x"), Malformed)


def test_attachments_together_are_bounded() -> None:
    session = joined()
    session.receive('53-["up"]')
    assert isinstance(session.receive(b"x" * 600), Partial)
    assert isinstance(session.receive(b"x" * 600), Malformed)


def test_a_binary_message_out_of_place_is_malformed() -> None:
    assert isinstance(joined().receive(b"x"), Malformed)


def test_text_between_attachments_is_malformed() -> None:
    session = joined()
    session.receive('51-["up"]')
    assert isinstance(session.receive('2["hi"]'), Malformed)


def test_half_an_emoji_becomes_a_replacement_character() -> None:
    event = joined().receive(r'2["say","a\ud83d","\ude00b","\ud83d\ude00","\\ud83d"]')
    assert event == EventReceived("/", "say", ["a�", "�b", "😀", "\\ud83d"], None)


def test_what_a_server_says_in_the_default_namespace() -> None:
    assert encode_connect("/", "abc") == b'40{"sid":"abc"}'
    assert encode_connect_error("/", "no") == b'44{"message":"no"}'
    assert encode_disconnect("/") == b"41"
    assert encode_event("hi", 1, {"a": None}) == b'42["hi",1,{"a":null}]'


def test_what_a_server_says_in_another_namespace() -> None:
    assert encode_connect("/custom", "abc") == b'40/custom,{"sid":"abc"}'
    assert encode_disconnect("/custom") == b"41/custom,"
    assert encode_event("hi", namespace="/custom") == b'42/custom,["hi"]'


def test_json_that_is_encoded_already_goes_out_as_it_is() -> None:
    assert encode_event("hi", msgspec.Raw(b'{"x":1}')) == b'42["hi",{"x":1}]'


def test_bytes_go_out_as_attachments() -> None:
    head, first, second = encode_event_packets("up", (b"a", {"in": [b"b"]}), "/custom", 9)
    placeholders = b'{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}'
    assert head == b'452-/custom,9["up",' + placeholders + b"]"
    assert isinstance(first, Binary)
    assert isinstance(second, Binary)
    assert (first.data, second.data) == (b"a", b"b")


def test_an_answer_carries_the_number_of_its_question() -> None:
    assert encode_ack_packets(456, (1, "2")) == [b'43456[1,"2"]']
    head, attachment = encode_ack_packets(7, (b"x",))
    assert head == b'461-7[{"_placeholder":true,"num":0}]'
    assert isinstance(attachment, Binary)
