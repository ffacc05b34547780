"""Documents read in processes of their own, one a document, which are killed when they overstay."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.document import LARGEST, Chunk, Kind
from parley.ports.reading import Unreadable

MOST = 2
"""Documents that are read at once."""
SECONDS = 60
MEMORY_BYTES = 1024 * 1024 * 1024
LARGEST_ANSWER = 64 * 1024 * 1024
_PART = 256 * 1024
_PARSERS = ("pypdf", "selectolax")
_BOOT = (
    "import sys; sys.path[:0] = {paths!r}; "
    "from parley.backends.knowledge.worker import main; main({seconds!r}, {memory!r})"
)


class _Answer(Struct):
    chunks: list[tuple[str, dict[str, Any]]] = []
    error: str = ""


_decode = msgspec.json.Decoder(_Answer).decode


class Readers:
    """Implements `ports/reading.py`. `memory` is in bytes."""

    def __init__(self, *, most: int = MOST, seconds: int = SECONDS, memory: int = MEMORY_BYTES) -> None:
        self._room = asyncio.Semaphore(most)
        self._seconds = seconds
        self._memory = memory

    async def read(self, kind: Kind, data: bytes, chunk_size: int) -> Sequence[Chunk]:
        """See `DocumentReader.read`."""
        if not data:
            raise Unreadable("The document is empty.")
        if len(data) > LARGEST:
            raise Unreadable(f"The document is larger than {LARGEST // 2**20} MB. Split it.")
        async with self._room:
            answer = await self._answer(json.dumps([kind, chunk_size]).encode() + b"\n" + data)
        if answer.error:
            raise Unreadable(answer.error)
        if not answer.chunks:
            raise Unreadable("The document holds no text.")
        return [Chunk(content, metadata) for content, metadata in answer.chunks]

    async def _answer(self, sent: bytes) -> _Answer:
        try:
            process = await self._start()
        except OSError as error:
            raise Unreadable(f"Documents cannot be read now: {error.strerror or error}.") from error
        try:
            async with asyncio.timeout(self._seconds):
                told = await _exchange(process, sent)
        except TimeoutError as error:
            raise Unreadable(self._too_much) from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)  # `Process.kill` would reap it unseen by the event loop
            await process.wait()
        try:
            return _decode(told)
        except msgspec.MsgspecError as error:  # killed by the system before it was done
            raise Unreadable(self._too_much) from error

    async def _start(self) -> Process:
        boot = _BOOT.format(paths=_paths(), seconds=self._seconds, memory=self._memory)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-E", "-s", "-c", boot),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=os.sep,
            env={},
            start_new_session=True,
        )

    @property
    def _too_much(self) -> str:
        return (
            f"The document was given up: it needs more than {self._seconds} s or too much memory to be read. "
            "Split it, or save it anew."
        )


async def _exchange(process: Process, sent: bytes) -> bytes:
    """Give the document and take the answer. Raises `Unreadable` when that is too much."""
    assert process.stdin is not None and process.stdout is not None
    giving = asyncio.create_task(_give(process.stdin, sent))
    told = bytearray()
    try:
        while part := await process.stdout.read(_PART):
            told += part
            if len(told) > LARGEST_ANSWER:
                raise Unreadable("The document holds too much text. Split it.")
    finally:
        giving.cancel()
        with suppress(asyncio.CancelledError):
            await giving
    return bytes(told)


async def _give(stdin: asyncio.StreamWriter, sent: bytes) -> None:
    with suppress(ConnectionError):  # it ended before it had read all
        stdin.write(sent)
        await stdin.drain()
        stdin.close()


def _paths() -> list[str]:
    """Where the process finds this package and its parsers."""
    found = [str(Path(__file__).parents[3])]
    for name in _PARSERS:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parents[1]))
    return list(dict.fromkeys(found))
