"""Scripts in processes of their own, which are killed when they overstay (docs/decisions/0301).

A process has one run at a time, from its beginning to its end, also while that waits for an answer from the world: so
what kills a process hurts nobody but the run that was in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from parley.backends.scripts.context import DEFAULTS, Limits, Piece
from parley.backends.scripts.fetching import finish
from parley.backends.scripts.intl import mentions_intl, prelude_of
from parley.backends.scripts.wire import Wire, WorkerDied
from parley.ports.scripts import Fetch, Ran, Script

MOST = 16
"""Runs at once, those that wait included."""
KEPT = 4
"""Processes that stay when there is nothing to do."""
RUNS = 5_000
"""After so many a process makes room for a fresh one."""
WALL_SECONDS = 10.0
"""How long a process may be silent. Its CPU time is limited far more tightly, by itself and by the system."""


class Workers:
    """A few processes, started when they are needed. `open` starts the first."""

    def __init__(self, *, limits: Limits = DEFAULTS, most: int = MOST, wall_seconds: float = WALL_SECONDS) -> None:
        self._limits = limits
        self._wall_seconds = wall_seconds
        self._room = asyncio.Semaphore(most)
        self._idle: list[Wire] = []
        self._busy: set[Wire] = set()

    async def open(self) -> None:
        """Start the first process, so that the first run need not wait for it. Raises `OSError`."""
        self._idle.append(await Wire.open(self._limits))

    async def close(self) -> None:
        """End all processes."""
        for wire in (*self._idle, *self._busy):
            wire.kill()
        self._idle.clear()

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """See `Scripts.run`."""
        prelude = ""
        if mentions_intl(script.source):  # beside the event loop: the first time many small files are read
            prelude = await asyncio.to_thread(prelude_of, script.source, script.given)
        try:
            async with self._leased() as wire:
                what = (script.kind, script.source, script.given, script.now_ms, script.seed, prelude)
                piece = await self._ask(wire, "run", *what)
                return await finish(piece, lambda number, answer: self._ask(wire, "settle", number, answer), fetch)
        except WorkerDied:
            return Ran(error=f"stopped: it needed more than {self._limits.seconds:g} s or too much memory")
        except TimeoutError:
            return Ran(error=f"stopped after {self._wall_seconds:g} s")
        except OSError as error:
            return Ran(error=f"scripts cannot be run now: {error.strerror or error}")

    async def _ask(self, wire: Wire, *message: object) -> Piece:
        try:
            async with asyncio.timeout(self._wall_seconds):
                return await wire.ask(*message)
        except BaseException:
            # Nobody knows what it is at now.
            wire.kill()
            raise

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[Wire]:
        async with self._room:
            wire = self._idle.pop() if self._idle else None
            if wire is None or not wire.is_alive:
                wire = await Wire.open(self._limits)
            self._busy.add(wire)
            wire.runs += 1
            try:
                yield wire
            finally:
                self._busy.discard(wire)
                if wire.is_alive and wire.runs < RUNS and len(self._idle) < KEPT:
                    self._idle.append(wire)
                else:
                    wire.kill()
