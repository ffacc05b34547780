"""Where an agent's own JavaScript is run: the code of code steps, and functions.

Isolation: each run has a world of its own, which is gone afterwards; nothing of the host is in it. Limits: a run that
crosses one ends with an `error`, whatever it does, and neither it nor one that waits keeps the caller from other work.
Order: runs are independent of each other. A run that is cancelled leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from msgspec import Struct


class Script(Struct, frozen=True):
    """What to run, and what it is given, as JSON.

    `code`: statements that may `return`; `given` is a list of `[name, value]`, its global variables.
    `function`: an ES module whose default export is called with `given`; it may wait, and it may `fetch`.
    With `now_ms` (milliseconds since 1970) its clock begins there and goes on by a millisecond each time that it is
    read, and its chance comes from `seed`: so it does the same when it is run again. None: real time, real chance.
    """

    kind: Literal["code", "function"]
    source: str
    given: str
    now_ms: int | None = None
    seed: int = 0


class Ran(Struct, frozen=True):
    """How a run ended: `value` is JSON, or `error` says to the agent's builder what went wrong.

    Of code: `{path, variables, logged}`, `path` what it returned (null or a text), `variables` those that are not
    what they were. Of a function: `{result, logged}`.
    """

    value: str = ""
    error: str | None = None


Fetch = Callable[[str], Awaitable[str]]
"""What a function's `fetch` asks of the world: `{url, init}` in, `{response}` or `{error}` out, all of it JSON."""


class Scripts(Protocol):
    """Runs scripts."""

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """Run a script to its end. Never raises for what it does. `fetch` None: it cannot ask for anything."""
        ...
