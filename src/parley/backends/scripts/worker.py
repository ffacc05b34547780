"""The process that scripts run in: one at a time, each in a context that was made before it came.

Whoever started it may kill it at any moment: nothing of worth is in it. The system kills it by itself when it works
much longer than a script may, so that a worker whose owner has died does not work for ever. Ends with its socket.
"""

from __future__ import annotations

import json
import math
import os
import socket
import struct
import time
from typing import Any

from parley.backends.scripts.context import DEFAULTS, Limits, Piece, Run

HEADER = struct.Struct("!I")
NICE = 10
"""Scripts give way to the server."""
MEMORY_BYTES = 1024 * 1024 * 1024
SPARE_SECONDS = 1
_BUFFER = 65536


def main(descriptor: int = 0, limits: Limits = DEFAULTS) -> None:
    """Serve until the other end is closed."""
    wire = socket.socket(fileno=descriptor)
    wire.setblocking(True)
    first = Run(limits)
    _lock_down()  # after the engine has been loaded: no file can be opened from here on
    serve(wire, limits, first)


def serve(wire: socket.socket, limits: Limits, first: Run) -> None:
    """Answer one after the other: `["run", ...]`, with what `Run.begin` takes, or `["settle", number, answer]`."""
    current = first
    spare: Run | None = first
    while (message := _receive(wire)) is not None:
        what, *given = message
        _allow(limits.seconds)
        if what == "run":
            current, spare = spare or Run(limits), None
            piece = current.begin(*given)
        else:
            piece = current.settle(*given)
        _send(wire, piece)
        if spare is None:
            spare = Run(limits)


def _receive(wire: socket.socket) -> list[Any] | None:
    header = _exactly(wire, HEADER.size)
    data = None if header is None else _exactly(wire, HEADER.unpack(header)[0])
    return None if data is None else list(json.loads(data))


def _exactly(wire: socket.socket, size: int) -> bytes | None:
    parts = []
    while size:
        try:
            part = wire.recv(min(size, _BUFFER))
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(wire: socket.socket, piece: Piece) -> None:
    data = json.dumps(piece).encode()
    try:
        wire.sendall(HEADER.pack(len(data)) + data)
    except OSError:
        raise SystemExit from None


def _lock_down() -> None:
    """As far as the system allows: little memory, no files, no core dumps, behind the server's own work."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    os.nice(NICE)


def _allow(seconds: float) -> None:
    """Let this process work for so much longer, and no more."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    until = math.ceil(time.process_time() + seconds) + SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))
