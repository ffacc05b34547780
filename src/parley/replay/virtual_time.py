"""An event loop whose time leaps over what nobody need wait for: pauses and deadlines come in order, at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


class _Leaping(selectors.DefaultSelector):
    """Does not wait for time: where nothing is ready it says how long it would have waited."""

    def __init__(self, leap: Callable[[float], None]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `BaseSelector.select`."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._leap(timeout)
        return ready


class VirtualTime(asyncio.SelectorEventLoop):
    """Only for work that threads have no part in: time leaps while they are at it."""

    def __init__(self) -> None:
        self._leapt = 0.0
        super().__init__(_Leaping(self._leap))

    def time(self) -> float:
        """Seconds, those leapt over included."""
        return super().time() + self._leapt

    def _leap(self, seconds: float) -> None:
        self._leapt += seconds


class AtOnce(Executor):
    """Does what it is given where it is given it: in the place of threads."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """See `Executor.submit`."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            done.set_exception(error)
        return done


def run_at_once(work: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        return runner.run(work)
