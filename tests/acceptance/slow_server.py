"""`parley serve` in a process of its own, with an engine that takes its time.

python -m tests.acceptance.slow_server <port> <data> <drain seconds> <most seconds a turn takes>
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from parley.app import open_house
from parley.cli.logs import configure_logs
from parley.cli.serve import Server, _listen, _loop_factory
from parley.config import Settings
from parley.domain.traces import CustomTrace
from parley.engine.turn import Turn
from parley.transports.front import Front

AGENT = Path(__file__).parents[2] / "examples" / "minimal.yaml"


async def main(port: int, data: str, drain: float, most: float) -> None:
    """Serve until told to stop. The payload of an action says for how long its turn waits before it answers."""

    async def engine(turn: Turn) -> None:
        payload = str(turn.action.wire.get("payload"))
        await asyncio.sleep(min(most, float(payload.split()[0])))
        count = int(turn.variables.get("count", 0) or 0) + 1
        turn.variables.set("count", count)
        turn.emit(CustomTrace("answer", [payload, count]))

    listening = _listen("127.0.0.1", port)
    async with open_house(Settings(paths=(AGENT,), data=data, drain_seconds=drain)) as opened:
        directory = opened.house.directory
        directory._around = replace(directory._around, engine=engine)
        ready = f"ready {listening.getsockname()[1]}"
        server = Server(Front(opened.house), drain, on_start=lambda: print(ready, flush=True))
        await server.serve(sockets=[listening])


if __name__ == "__main__":
    configure_logs()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
