"""What waits to be written to one connection, bounded in packets and bytes. Knows no transport."""

from parley.transports.engineio.protocol import Binary, Packet


class SendBuffer:
    """Packets in order. One that no longer fits empties the buffer for good: the connection must be cut."""

    __slots__ = ("is_overflowed", "max_bytes", "max_packets", "packets", "size")

    def __init__(self, max_packets: int, max_bytes: int) -> None:
        self.max_packets = max_packets
        self.max_bytes = max_bytes
        self.packets: list[Packet] = []
        self.size = 0
        self.is_overflowed = False

    def append(self, packet: Packet) -> bool:
        """Keep `packet` for the writer; false when the buffer has overflowed."""
        if self.is_overflowed:
            return False
        self.size += len(packet.data) if isinstance(packet, Binary) else len(packet)
        if self.size > self.max_bytes or len(self.packets) >= self.max_packets:
            self.is_overflowed = True
            self.take()
            return False
        self.packets.append(packet)
        return True

    def take(self) -> list[Packet]:
        """Everything that waits, which then waits no more."""
        packets, self.packets, self.size = self.packets, [], 0
        return packets
