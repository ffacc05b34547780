"""The limits and names of the socket door. Knows no environment: `config` reads it."""

from typing import Literal

import msgspec

from parley.transports.engineio.protocol import Timing


class SocketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the socket door. Times in seconds, sizes in bytes."""

    path: str | None = "/v4/interact/socket"
    """Served with and without the trailing slash; None serves every path (when mounted)."""
    namespaces: frozenset[str] = frozenset({"/"})
    timing: Timing = Timing()
    connect_timeout: float = 45.0
    """A peer that joins no namespace for this long is closed."""
    upgrade_timeout: float = 10.0
    max_payload: int = 1_000_000
    """One packet over a WebSocket, one body over long-polling."""
    max_attachments: int = 10
    max_event_name: int = 256
    max_pending_acks: int = 256
    max_connections: int = 20_000
    max_connections_per_address: int | None = None
    """None sets no limit: behind a proxy that hides addresses every peer has the same one."""
    buffer_packets: int = 4096
    buffer_bytes: int = 4_000_000
    """What may wait for one connection's reader before it is cut with `SLOW_CONSUMER_CODE`."""
    origins: frozenset[str] | Literal["*"] = "*"
    """Who may call from a browser; '*' echoes any origin. A same-host origin may always."""
    kept_headers: frozenset[str] = frozenset({"authorization", "origin", "user-agent"})
    """The request headers that a connection remembers."""
