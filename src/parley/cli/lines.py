"""What the user types, line by line, without a thread: a wait for it can time out and be taken up again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque

CHUNK = 4096


class Lines:
    """Lines of standard input. None is the end of it."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdin.isatty()
        self._file = sys.stdin.fileno()
        self._rest = b""
        self._lines: deque[str | None] = deque()
        self._arrived = asyncio.Event()

    def open(self) -> None:
        """Begin to read."""
        try:
            asyncio.get_running_loop().add_reader(self._file, self._read)
        except (PermissionError, OSError):
            # An ordinary file cannot be waited for: it is always ready.
            while not self._lines or self._lines[-1] is not None:
                self._read()

    def close(self) -> None:
        """Read no more."""
        asyncio.get_running_loop().remove_reader(self._file)

    async def next(self, seconds: float | None = None) -> str | None:
        """The next line without its end. Raises `TimeoutError` after so many seconds; None waits forever."""
        async with asyncio.timeout(seconds):
            while not self._lines:
                self._arrived.clear()
                await self._arrived.wait()
        line = self._lines.popleft()
        if line is None:
            self._lines.append(None)
        return line

    def _read(self) -> None:
        try:
            data = os.read(self._file, CHUNK)
        except OSError:  # a terminal that was closed
            data = b""
        if not data:
            if self._rest:
                self._lines.append(_decoded(self._rest))
            self._lines.append(None)
            self._rest = b""
            self._stop()
        else:
            *whole, self._rest = (self._rest + data).split(b"\n")
            self._lines.extend(_decoded(line) for line in whole)
        self._arrived.set()

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
