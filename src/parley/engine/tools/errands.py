"""Tools that run on while the conversation goes on: those nobody waits for, and those whose result comes later.

Knows no tools. A process that ends takes what is running along: who asks for it then hears that nobody knows.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

from parley.errors import Busy
from parley.ports.effects import EffectName

MOST = 256
"""Errands under way at once."""
_KEPT = 512
"""Results that wait to be asked for."""


class Errands:
    """All errands of a process."""

    def __init__(self) -> None:
        self._running: dict[EffectName, asyncio.Task[bytes]] = {}
        self._done: OrderedDict[EffectName, bytes] = OrderedDict()

    def start(self, name: EffectName, do: Coroutine[Any, Any, bytes], *, keep: bool) -> None:
        """Do it without waiting. `keep`: the result will be asked for. Raises `Busy` when too much is under way."""
        if len(self._running) >= MOST:
            do.close()
            raise Busy("too many tools are running in the background")
        task = self._running[name] = asyncio.get_running_loop().create_task(do)
        task.add_done_callback(lambda done: self._finish(name, done, keep))

    def is_running(self, name: EffectName) -> bool:
        """Whether it is still under way."""
        return name in self._running

    def take(self, name: EffectName) -> bytes | None:
        """The result, once; None where there is none here."""
        return self._done.pop(name, None)

    async def settle(self) -> None:
        """Return when nothing is under way."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def close(self, seconds: float = 5.0) -> None:
        """Give what is under way a little time, and end the rest."""
        if self._running:
            _, late = await asyncio.wait(list(self._running.values()), timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def _finish(self, name: EffectName, task: asyncio.Task[bytes], keep: bool) -> None:
        self._running.pop(name, None)
        if task.cancelled() or task.exception() is not None or not keep:
            return
        self._done[name] = task.result()
        while len(self._done) > _KEPT:
            self._done.popitem(last=False)
