"""The line to one worker process: a message out, a message back."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from parley.backends.scripts.context import Limits, Piece
from parley.backends.scripts.worker import HEADER

_BOOT = (
    "import sys; sys.path[:0] = {paths!r}; "
    "from parley.backends.scripts.worker import main; from parley.backends.scripts.context import Limits; "
    "main(0, Limits(*{limits!r}))"
)


class WorkerDied(Exception):
    """The worker process is gone, killed by its limits or from outside."""


class Wire(asyncio.Protocol):
    """One end of a socket pair. One message is under way at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.runs = 0
        self._process = process
        self._transport: Any = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Piece] | None = None

    @classmethod
    async def open(cls, limits: Limits) -> Wire:
        """Start a process. Raises `OSError`."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.to_thread(_start, theirs, limits)
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        _, wire = await asyncio.get_running_loop().create_connection(lambda: cls(process), sock=ours)
        return wire

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """The process can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, *message: Any) -> Piece:
        """Send a message and wait for the answer. Raises `WorkerDied`. Whoever stops waiting must `kill`."""
        if not self.is_alive:
            raise WorkerDied
        self._waiting = asyncio.get_running_loop().create_future()
        data = json.dumps(message).encode()
        self._transport.write(HEADER.pack(len(data)) + data)
        return await self._waiting

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        if self._transport is not None:
            self._transport.abort()
        # Reap it without waiting for it here.
        asyncio.get_running_loop().run_in_executor(None, self._process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A part of an answer."""
        self._received += data
        if len(self._received) < HEADER.size:
            return
        end = HEADER.size + HEADER.unpack_from(self._received)[0]
        if len(self._received) < end or self._waiting is None or self._waiting.done():
            return
        value, error, asked = json.loads(self._received[HEADER.size : end])
        del self._received[:end]
        self._waiting.set_result(Piece(value, error, tuple((number, what) for number, what in asked)))

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(WorkerDied())


def _start(theirs: socket.socket, limits: Limits) -> subprocess.Popen[bytes]:
    spec = find_spec("quickjs")
    assert spec is not None and spec.origin is not None
    paths = [str(Path(__file__).parents[3]), str(Path(spec.origin).parents[1])]
    return subprocess.Popen(
        [sys.executable, "-S", "-E", "-s", "-c", _BOOT.format(paths=paths, limits=tuple(limits))],
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=os.sep,
        env={},
        start_new_session=True,
    )
