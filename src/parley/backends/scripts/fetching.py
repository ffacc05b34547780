"""A function's run from where it first waits to its end: what it asks for is fetched, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from parley.backends.scripts.context import Piece
from parley.ports.scripts import Fetch, Ran

AT_ONCE = 6
"""Requests of one function."""
_NO_FETCH = '{"error":"fetch is not available here"}'

Settle = Callable[[int, str], Awaitable[Piece]]


async def finish(piece: Piece, settle: Settle, fetch: Fetch | None) -> Ran:
    """Fetch and settle until the run is over. What it asked for and did not wait for is given up."""
    room = asyncio.Semaphore(AT_ONCE)

    async def answer(asked: str) -> str:
        if fetch is None:
            return _NO_FETCH
        async with room:
            return await fetch(asked)

    under_way: dict[asyncio.Task[str], int] = {}
    try:
        while not (piece.value or piece.error):
            for number, asked in piece.asked:
                under_way[asyncio.ensure_future(answer(asked))] = number
            done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            # In the order of asking, one after another: the script sees the same order when it is run again.
            first = min(done, key=under_way.__getitem__)
            piece = await settle(under_way.pop(first), first.result())
    finally:
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
    return Ran(piece.value, piece.error)
