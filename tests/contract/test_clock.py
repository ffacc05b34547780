"""What clocks promise (ports/clock.py)."""

from __future__ import annotations

import asyncio
import time

from parley.backends.clock import StillClock, SystemClock


async def test_the_systems_clock_tells_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.now_ms() - time.time() * 1000) < 1000
    await clock.sleep(0)


async def test_a_still_clock_moves_only_when_told() -> None:
    clock = StillClock(now_ms=5)
    sleeper = asyncio.ensure_future(clock.sleep(10))
    await clock.advance(9.5)
    assert not sleeper.done()
    assert clock.now_ms() == 9505
    await clock.advance(0.5)
    assert sleeper.done()
    assert clock.now_ms() == 10005


async def test_sleepers_wake_in_order_each_at_its_own_time() -> None:
    clock = StillClock(now_ms=0)
    woken: list[tuple[str, int]] = []

    async def sleep(name: str, *times: float) -> None:
        for seconds in times:
            await clock.sleep(seconds)
            woken.append((name, clock.now_ms()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("late", 3))
        group.create_task(sleep("thrice", 1, 1, 1.5))
        group.create_task(sleep("early", 0.5))
        await clock.advance(4)
    assert woken == [("early", 500), ("thrice", 1000), ("thrice", 2000), ("late", 3000), ("thrice", 3500)]


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock = StillClock()
    sleeper = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)
    sleeper.cancel()
    await clock.advance(2)
    assert sleeper.cancelled()
    assert clock.sleepers == 0
