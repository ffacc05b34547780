"""Scripts in this process and thread: for tests, and for agents whose authors are trusted.

The limits hold for what scripts do by mistake; but a run keeps the event loop from everything else, and one operator on
megabytes of text can overstay its time by minutes, because nothing can kill it. `workers.py` has no such gaps.
"""

from __future__ import annotations

from parley.backends.scripts.context import DEFAULTS, Limits, Piece, Run
from parley.backends.scripts.fetching import finish
from parley.backends.scripts.intl import mentions_intl, prelude_of
from parley.ports.scripts import Fetch, Ran, Script


class InlineScripts:
    """A fresh context a run, made when it is needed."""

    def __init__(self, *, limits: Limits = DEFAULTS) -> None:
        self._limits = limits

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """See `Scripts.run`."""
        run = Run(self._limits)

        async def settle(number: int, answer: str) -> Piece:
            return run.settle(number, answer)

        prelude = prelude_of(script.source, script.given) if mentions_intl(script.source) else ""
        piece = run.begin(script.kind, script.source, script.given, script.now_ms, script.seed, prelude)
        return await finish(piece, settle, fetch)
