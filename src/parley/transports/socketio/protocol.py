"""Socket.IO 5, sans-I/O: what one peer says over Engine.IO messages, as typed events. Knows no transport and no clock.

A packet is `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`; a binary packet is followed by as many
binary messages as it announces. Nothing here raises on what a peer sent: the answer to a broken packet, or to
one that does not fit the state, is `Malformed`, after which the connection has to be closed.

Source: the Socket.IO protocol, revision 5.
"""

import re
from collections.abc import Collection
from typing import Any

import msgspec

from parley.transports.socketio.packets import DEFAULT_NAMESPACE

_decode = msgspec.json.Decoder().decode
_HEAD = re.compile(r"(?:([0-9]{1,9})-)?(?:(/[^,]{0,255})(?:,|$))?([0-9]{1,15})?(?=[\[{]|$)")
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting"})
_SURROGATES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)
LONE_SURROGATE_LENGTH = 6


class Joining(msgspec.Struct, frozen=True):
    """The peer asks to join an accepted namespace; `auth` is an object."""

    namespace: str
    auth: dict[str, Any]


class Refused(msgspec.Struct, frozen=True):
    """The peer asked for a namespace that is not served: answer CONNECT_ERROR."""

    namespace: str
    message: str


class Left(msgspec.Struct, frozen=True):
    """The peer left a namespace; the connection stays."""

    namespace: str


class EventReceived(msgspec.Struct, frozen=True):
    """The peer emitted; with an `ack_id` it waits for an answer."""

    namespace: str
    name: str
    args: list[Any]
    ack_id: int | None


class AckReceived(msgspec.Struct, frozen=True):
    """The peer answered an emission that asked for an ack."""

    namespace: str
    ack_id: int
    args: list[Any]


class Partial(msgspec.Struct, frozen=True):
    """More binary messages belong to this packet."""


class Malformed(msgspec.Struct, frozen=True):
    """The packet is broken or does not fit the state; close the connection."""

    detail: str


Heard = Joining | Refused | Left | EventReceived | AckReceived | Partial | Malformed
PARTIAL = Partial()


class _Waiting:
    """A binary packet whose attachments have not all come."""

    __slots__ = ("ack_id", "attachments", "count", "data", "is_ack", "namespace", "size")

    def __init__(self, is_ack: bool, count: int, namespace: str, ack_id: int | None, data: Any) -> None:
        self.is_ack = is_ack
        self.count = count
        self.namespace = namespace
        self.ack_id = ack_id
        self.data = data
        self.attachments: list[bytes] = []
        self.size = 0


class SocketSession:
    """The namespaces that one peer has joined, and the binary packet it is in the middle of."""

    __slots__ = ("_accepted", "_max_attachments", "_max_bytes", "_max_name", "_waiting", "joined")

    def __init__(self, accepted: Collection[str], max_attachments: int, max_event_name: int, max_payload: int) -> None:
        self._accepted = accepted
        self._max_attachments = max_attachments
        self._max_bytes = max_payload
        self._max_name = max_event_name
        self._waiting: _Waiting | None = None
        self.joined: tuple[str, ...] = ()

    def join(self, namespace: str) -> None:
        """The server let the peer in."""
        self.joined = (*self.joined, namespace)

    def leave(self, namespace: str) -> None:
        """The server or the peer ended its stay in `namespace`."""
        self.joined = tuple(name for name in self.joined if name != namespace)

    def receive(self, data: str | bytes) -> Heard:
        """Understand one Engine.IO message."""
        if isinstance(data, bytes):
            return self._attach(data)
        if self._waiting is not None:
            return Malformed("text in the middle of a binary packet")
        if data[:2] == "2[" and DEFAULT_NAMESPACE in self.joined:
            return self._event(DEFAULT_NAMESPACE, None, _parse(data[1:]))
        head = _HEAD.match(data, 1)
        if head is None:
            return Malformed("unreadable packet")
        count, namespace, ack_id = head.groups()
        text = data[head.end() :]
        return self._dispatch(
            data[:1],
            None if count is None else int(count),
            namespace or DEFAULT_NAMESPACE,
            None if ack_id is None else int(ack_id),
            _parse(text) if text else None,
        )

    def _dispatch(self, kind: str, count: int | None, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if isinstance(data, Malformed):
            return data
        if (count is not None) != (kind in ("5", "6")):
            return Malformed("attachment count on the wrong packet")
        if kind == "0":
            return self._connect(namespace, ack_id, data)
        if namespace not in self.joined:
            return Malformed("packet for a namespace that was not joined")
        if kind == "1":
            return self._disconnect(namespace, ack_id, data)
        if kind == "2":
            return self._event(namespace, ack_id, data)
        if kind == "3":
            return self._ack(namespace, ack_id, data)
        if count is not None:
            return self._await_attachments(kind == "6", count, namespace, ack_id, data)
        return Malformed(f"unexpected packet type {kind!r}")

    def _connect(self, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if ack_id is not None or not (data is None or isinstance(data, dict)):
            return Malformed("invalid connect payload")
        namespace = namespace.partition("?")[0]
        if namespace in self.joined:
            return Malformed("namespace joined twice")
        if namespace not in self._accepted:
            return Refused(namespace, "Invalid namespace")
        return Joining(namespace, data or {})

    def _disconnect(self, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if ack_id is not None or data is not None:
            return Malformed("invalid disconnect")
        self.leave(namespace)
        return Left(namespace)

    def _event(self, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if type(data) is not list:
            return data if isinstance(data, Malformed) else Malformed("event payload is not a list")
        if not data or type(data[0]) is not str:
            return Malformed("event has no name")
        name = data.pop(0)
        if name in _RESERVED or len(name) > self._max_name:
            return Malformed("event name is reserved or too long")
        return EventReceived(namespace, name, data, ack_id)

    def _ack(self, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if ack_id is None or type(data) is not list:
            return Malformed("invalid ack")
        return AckReceived(namespace, ack_id, data)

    def _await_attachments(self, is_ack: bool, count: int, namespace: str, ack_id: int | None, data: Any) -> Heard:
        if count > self._max_attachments:
            return Malformed("too many attachments")
        waiting = _Waiting(is_ack, count, namespace, ack_id, data)
        if count == 0:
            return self._complete(waiting)
        self._waiting = waiting
        return PARTIAL

    def _attach(self, attachment: bytes) -> Heard:
        waiting = self._waiting
        if waiting is None:
            return Malformed("binary message without a binary packet")
        waiting.attachments.append(attachment)
        waiting.size += len(attachment)
        if waiting.size > self._max_bytes:
            return Malformed("attachments are too large")
        if len(waiting.attachments) < waiting.count:
            return PARTIAL
        self._waiting = None
        return self._complete(waiting)

    def _complete(self, waiting: _Waiting) -> Heard:
        if waiting.namespace not in self.joined:
            return Malformed("packet for a namespace that was not joined")
        holder = [waiting.data]
        if not _fill(holder, waiting.attachments):
            return Malformed("placeholder without an attachment")
        understand = self._ack if waiting.is_ack else self._event
        return understand(waiting.namespace, waiting.ack_id, holder[0])


def _parse(text: str) -> Any:
    """Decode JSON; `Malformed` when it is not, or is nested too deeply.

    A lone surrogate, which a browser sends for a string that was cut inside an emoji, becomes U+FFFD.
    """
    try:
        return _decode(text)
    except RecursionError:
        return Malformed("JSON is nested too deeply")
    except (msgspec.MsgspecError, ValueError):
        pass
    try:
        return _decode(_SURROGATES.sub(_replace_lone, text))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Malformed("invalid JSON")


def _replace_lone(escape: re.Match[str]) -> str:
    return "\\ufffd" if len(escape[0]) == LONE_SURROGATE_LENGTH else escape[0]


def _fill(holder: list[Any], attachments: list[bytes]) -> bool:
    """Put each attachment in place of its placeholder; false when a placeholder names none. No recursion."""
    pending: list[list[Any] | dict[str, Any]] = [holder]
    while pending:
        inside = pending.pop()
        inner: list[tuple[Any, Any]] = list(inside.items() if isinstance(inside, dict) else enumerate(inside))
        for key, value in inner:
            if isinstance(value, dict) and value.get("_placeholder") is True:
                number = value.get("num")
                if type(number) is not int or not 0 <= number < len(attachments):
                    return False
                inside[key] = attachments[number]
            elif isinstance(value, dict | list):
                pending.append(value)
    return True
