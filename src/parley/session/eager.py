"""Runs a coroutine at once, as far as it goes without waiting: most turns go all the way and need no deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from types import coroutine as awaitable
from typing import Any


def start(work: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
    """Run until the first wait: None when that was all, else the rest, to be awaited in the same task."""
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return _rest(work, waits_for)


@awaitable
def _rest(work: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Hands the loop what the coroutine waits for, and the coroutine what the loop answers."""
    while True:
        try:
            answer = yield waits_for
        except GeneratorExit:
            work.close()
            raise
        except BaseException as error:  # noqa: BLE001 - the coroutine is told whatever it is, cancellation first
            thrown: BaseException | None = error
        else:
            thrown = None
        try:
            waits_for = work.send(answer) if thrown is None else work.throw(thrown)
        except StopIteration:
            return
