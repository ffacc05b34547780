"""What a Socket.IO 5 server says, as ready Engine.IO packets. Knows no connection.

Every text here begins with Engine.IO's message digit, so that it can go to any number of connections and
onto either transport as it is. Bytes inside arguments travel as attachments: a placeholder in the JSON and a
binary packet after it.
"""

from typing import Any

import msgspec

from parley.transports.engineio.protocol import Binary, Packet

DEFAULT_NAMESPACE = "/"

_encode = msgspec.json.Encoder().encode
_PLAIN = frozenset({str, int, float, bool, type(None)})


def _address(namespace: str) -> bytes:
    return b"" if namespace == DEFAULT_NAMESPACE else namespace.encode() + b","


def encode_connect(namespace: str, sid: str) -> bytes:
    return b"40" + _address(namespace) + _encode({"sid": sid})


def encode_connect_error(namespace: str, message: str) -> bytes:
    return b"44" + _address(namespace) + _encode({"message": message})


def encode_disconnect(namespace: str) -> bytes:
    return b"41" + _address(namespace)


def encode_event(event: str, *args: Any, namespace: str = DEFAULT_NAMESPACE) -> bytes:
    """One emission without attachments, encoded once for any number of connections.

    `msgspec.Raw` among the arguments is taken as JSON that is encoded already. Bytes become base64 text.
    """
    if namespace == DEFAULT_NAMESPACE:
        return b"42" + _encode((event, *args))
    return b"42" + _address(namespace) + _encode((event, *args))


def encode_event_packets(
    event: str, args: tuple[Any, ...], namespace: str = DEFAULT_NAMESPACE, ack_id: int | None = None
) -> list[Packet]:
    """One emission with its attachments and the number of the ack that is asked for."""
    return _encode_packets(b"2", b"5", (event, *args), namespace, ack_id)


def encode_ack_packets(ack_id: int, args: tuple[Any, ...], namespace: str = DEFAULT_NAMESPACE) -> list[Packet]:
    return _encode_packets(b"3", b"6", args, namespace, ack_id)


def _encode_packets(
    kind: bytes, binary_kind: bytes, data: tuple[Any, ...], namespace: str, ack_id: int | None
) -> list[Packet]:
    number = b"" if ack_id is None else b"%d" % ack_id
    if not holds_bytes(data):
        return [b"".join((b"4", kind, _address(namespace), number, _encode(data)))]
    attachments: list[Packet] = []
    text = _encode(_detach(data, attachments))
    head = b"4%b%d-%b%b" % (binary_kind, len(attachments), _address(namespace), number)
    return [head + text, *attachments]


def holds_bytes(value: Any) -> bool:
    """Whether bytes are anywhere in the plain lists, tuples and dicts of `value`."""
    kind = type(value)
    if kind in _PLAIN:
        return False
    if kind is dict:
        return any(type(inner) not in _PLAIN and holds_bytes(inner) for inner in value.values())
    if kind is list or kind is tuple:
        return any(type(inner) not in _PLAIN and holds_bytes(inner) for inner in value)
    return isinstance(value, bytes | bytearray | memoryview)


def _detach(value: Any, attachments: list[Packet]) -> Any:
    if isinstance(value, dict):
        return {key: _detach(inner, attachments) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_detach(inner, attachments) for inner in value]
    if isinstance(value, bytes | bytearray | memoryview):
        attachments.append(Binary(bytes(value)))
        return {"_placeholder": True, "num": len(attachments) - 1}
    return value
