"""What `Intl` costs a script: milliseconds a run in this process, the best of several rounds.

python bench/intl.py
"""

from __future__ import annotations

import asyncio
import time

from parley.backends.scripts.inline import InlineScripts
from parley.ports.scripts import Script

ROUNDS, TIMES = 7, 40
SOURCES = {
    "without": "x = 1",
    "a number": "x = new Intl.NumberFormat('de-DE', {style: 'currency', currency: 'EUR'}).format(1234.5)",
    "a date": "x = new Date(0).toLocaleDateString('en-US', {timeZone: 'America/New_York'})",
    "toLocaleString": "x = (1234.5).toLocaleString('de-DE')",
    "ten dates": "x = [...Array(10).keys()].map((d) => new Date(d * 1e10).toLocaleDateString('en-US')).join()",
}


async def milliseconds(source: str) -> float:
    """The best round's time for one run."""
    scripts, script = InlineScripts(), Script("code", source, '[["x", 0]]')
    await scripts.run(script)
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(TIMES):
            await scripts.run(script)
        best = min(best, time.perf_counter() - begun)
    return best / TIMES * 1000


async def main() -> None:
    """Print one line a script."""
    for name, source in SOURCES.items():
        print(f"{name:16} {await milliseconds(source):6.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
