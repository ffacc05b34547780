"""The one thread that writes: sleeps until it is handed a group, writes it, and reports back to the event loop.

The queue belongs to the event loop alone, so nothing here needs a lock but the one that wakes the thread.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import apsw

from parley.backends.store.sqlite_batch import Batch, Group, Job
from parley.backends.store.sqlite_group import GroupWriter, Told, waiting
from parley.errors import StoreUnavailable


class Writer:
    """The queue of one database and the thread that empties it."""

    def __init__(self, writer: GroupWriter, loop: AbstractEventLoop, name: str) -> None:
        self._writer = writer
        self._loop = loop
        self._queue: Group = []
        self._handed: Group | None = None
        self._is_busy = False
        self._is_closed = False
        self._all_written: Future[None] | None = None
        self._wake = threading.Lock()
        self._wake.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def batch(self, fits: Callable[[Batch], bool] | None = None) -> Batch:
        """The batch to add to: the last that waits if it `fits`, else a fresh one. Raises once closed."""
        if self._queue:
            last = self._queue[-1]
            if isinstance(last, Batch) and (fits is None or fits(last)):
                return last
        fresh = Batch()
        self._put(fresh)
        return fresh

    def job(self, write: Callable[[apsw.Connection], Any]) -> Future[Any]:
        """Run `write` in the next transaction, after all that waits."""
        done = self._loop.create_future()
        self._put(Job(done, write))
        return done

    async def close(self) -> None:
        """Write all that waits, and end the thread."""
        self._is_closed = True
        if self._is_busy:
            self._all_written = self._loop.create_future()
            await self._all_written
        if self._thread.is_alive():
            self._handed = None
            self._wake.release()
            await asyncio.to_thread(self._thread.join)

    def _put(self, entry: Batch | Job) -> None:
        if self._is_closed:
            raise StoreUnavailable("The store is closed.")
        self._queue.append(entry)
        if not self._is_busy:
            # not at once: what this round of the event loop still adds goes along
            self._is_busy = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._handed, self._queue = self._queue, []
        self._wake.release()

    def _written(self, told: list[Told]) -> None:
        if self._queue:
            self._hand_over()
        else:
            self._is_busy = False
        for done, result, failure in told:
            if done.done():
                continue
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)
                done.exception()  # whoever awaits gets it; who does not care is not told off
        if self._all_written is not None and not self._is_busy:
            self._all_written.set_result(None)

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            group = self._handed
            if group is None:
                break
            try:
                told = self._writer.write(group)
            except Exception as error:  # noqa: BLE001 - a writer that died would leave everyone waiting for ever
                failure = StoreUnavailable(f"Saving failed unexpectedly: {error!r}")
                failure.__cause__ = error
                told = [(done, None, failure) for done in waiting(group)]
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                self._loop.call_soon_threadsafe(self._written, told)
        self._writer.close()
