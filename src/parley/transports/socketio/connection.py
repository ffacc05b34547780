"""One peer in one Socket.IO namespace, as an application sees it. Knows no transport."""

from collections.abc import Callable
from typing import Any, Protocol

from parley.transports.engineio.link import EngineLink, Handshake
from parley.transports.engineio.protocol import Packet, Reason
from parley.transports.socketio.packets import (
    DEFAULT_NAMESPACE,
    encode_ack_packets,
    encode_disconnect,
    encode_event_packets,
)

OnAck = Callable[[list[Any]], None]


class Ack(Protocol):
    """Answers one event of the peer; a second answer is dropped."""

    def __call__(self, *args: Any) -> None: ...


class SocketConnection:
    """Emits without waiting. A peer that does not read in time is cut, and may come back and resume.

    `state` is the application's own.
    """

    __slots__ = ("_acks", "_leave", "_link", "_max_acks", "_next_ack", "auth", "is_open", "namespace", "sid", "state")

    def __init__(
        self,
        link: EngineLink,
        leave: Callable[["SocketConnection", Reason], None],
        namespace: str,
        sid: str,
        auth: dict[str, Any],
        max_acks: int,
    ) -> None:
        self._link = link
        self._leave = leave
        self._acks: dict[int, OnAck] | None = None
        self._next_ack = 0
        self._max_acks = max_acks
        self.namespace = namespace
        self.sid = sid
        self.auth = auth
        self.is_open = True
        self.state: Any = None

    @property
    def handshake(self) -> Handshake:
        return self._link.handshake

    @property
    def transport(self) -> str:
        return self._link.session.transport

    @property
    def buffered_bytes(self) -> int:
        """What the peer has not been written yet."""
        return self._link.buffer.size

    def emit(self, event: str, *args: Any) -> None:
        """Send an event; bytes in the arguments go as attachments. Nothing happens once closed."""
        self._send(encode_event_packets(event, args, self.namespace))

    def emit_encoded(self, packet: bytes) -> None:
        """Send what `encode_event` made, for this connection's namespace; the same bytes may go to many."""
        if self.is_open:
            self._link.send(packet)

    def ask(self, event: str, *args: Any, on_ack: OnAck) -> None:
        """Send an event and call `on_ack` with the peer's answer, unless it disconnects or forgets.

        The oldest question is forgotten when too many wait.
        """
        if self._acks is None:
            self._acks = {}
        elif len(self._acks) >= self._max_acks:
            del self._acks[next(iter(self._acks))]
        self._acks[self._next_ack] = on_ack
        self._send(encode_event_packets(event, args, self.namespace, self._next_ack))
        self._next_ack += 1

    def disconnect(self) -> None:
        """Tell the peer not to come back by itself, and close."""
        if self.is_open:
            self._link.send(encode_disconnect(self.namespace))
            self._leave(self, Reason.SERVER_CLOSE)
            self._link.end(Reason.SERVER_CLOSE)

    def cut(self, reason: Reason = Reason.SLOW_CONSUMER) -> None:
        """Close without a goodbye on Socket.IO's level: the peer will come back by itself."""
        self._link.end(reason)

    def take_ack(self, ack_id: int) -> OnAck | None:
        """Who waits for this answer; the door asks."""
        return None if self._acks is None else self._acks.pop(ack_id, None)

    def answer(self, ack_id: int) -> Ack:
        """A function that answers the peer's event `ack_id`, once."""
        waiting = [ack_id]

        def ack(*args: Any) -> None:
            if waiting:
                self._send(encode_ack_packets(waiting.pop(), args, self.namespace))

        return ack

    def _send(self, packets: list[Packet]) -> None:
        if self.is_open:
            for packet in packets:
                self._link.send(packet)


def speaks_default_namespace(connection: SocketConnection) -> bool:
    return connection.namespace == DEFAULT_NAMESPACE
