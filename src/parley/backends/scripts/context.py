"""One script in one context, run piece by piece: until it is over, or until it waits for the world.

Knows no process and no event loop: whoever holds it decides what may take how long. Needs nothing but quickjs, so
that a worker process that runs nothing else is small and quick to start.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any, NamedTuple

from parley.backends.scripts.kernel import BEGIN, CODE, KERNEL, MAIN, MODULE, MOMENT, OUTCOME, SETTLE


class Limits(NamedTuple):
    """What one run may use: CPU seconds of one piece, memory of its context, characters in and out."""

    seconds: float = 1.0
    code_bytes: int = 10 * 1024 * 1024
    function_bytes: int = 32 * 1024 * 1024
    stack_bytes: int = 256 * 1024
    output: int = 1024 * 1024
    source: int = 256 * 1024


DEFAULTS = Limits()


class Piece(NamedTuple):
    """Where a run stands: over with a `value` (JSON) or an `error`, or waiting for what it `asked` (number, JSON)."""

    value: str = ""
    error: str | None = None
    asked: tuple[tuple[int, str], ...] = ()


_DEFAULT = re.compile(
    r"(?:^|(?<=;))[ \t]*export\s+default\s+(?P<named>(?=(?:async\s+)?function\s*\*?\s*(?P<name>[A-Za-z_$][\w$]*)))?"
    r"|(?:^|(?<=;))[ \t]*export\s*\{\s*(?P<listed>[A-Za-z_$][\w$]*)\s+as\s+default\s*,?\s*\}",
    re.MULTILINE,
)
_JOBS = 64


class Run:
    """A context for one script. It may be made before the script is known; it is used once."""

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        import quickjs

        self._failures = (quickjs.JSException, ValueError, SystemError, TypeError, MemoryError, RecursionError)
        self._limits = limits
        self._memory = limits.code_bytes
        self._context = quickjs.Context()
        self._context.set_memory_limit(limits.code_bytes)
        self._context.set_max_stack_size(limits.stack_bytes)
        self._context.eval(KERNEL)

    def begin(
        self, kind: str, source: str, given: str, now_ms: int | None = None, seed: int = 0, prelude: str = ""
    ) -> Piece:
        """Run the script until it is over or waits; `now_ms` and `seed` as in `ports.scripts.Script`.

        `prelude` is what it needs beside the kernel (`intl.py`).
        """
        if len(source) > self._limits.source:
            return Piece(error=f"the script is longer than {self._limits.source} characters")
        try:
            if now_ms is not None:
                self._context.eval(f"{MOMENT}({now_ms},{seed})")
            if prelude:
                self._context.eval(prelude)
            self._context.set_time_limit(self._limits.seconds)
            return self._code(source, given) if kind == "code" else self._function(source, given)
        except self._failures as error:
            return Piece(error=_explained(error, self._limits.seconds, self._memory))

    def settle(self, number: int, answer: str) -> Piece:
        """What the script asked for has come: run on."""
        try:
            self._context.eval(f"{SETTLE}({number},{json.dumps(answer)})")
            return self._drain()
        except self._failures as error:
            return Piece(error=_explained(error, self._limits.seconds, self._memory))

    def _code(self, source: str, given: str) -> Piece:
        # As JavaScript source both texts pass whole, whatever characters they have.
        answer = self._context.eval(f"{CODE}({json.dumps(source)},{json.dumps(given)})")
        return self._over(json.loads(answer.json())[0])

    def _function(self, source: str, given: str) -> Piece:
        self._memory = self._limits.function_bytes
        self._context.set_memory_limit(self._memory)
        self._context.set(MODULE, self._context.module(_with_main(source)))
        self._context.eval(f"{BEGIN}({json.dumps(given)})")
        return self._drain()

    def _drain(self) -> Piece:
        self._work()
        answer: Any = json.loads(json.loads(self._context.eval(f"{OUTCOME}()").json())[0])
        if "asked" in answer:
            return Piece(asked=tuple((number, asked) for number, asked in answer["asked"]))
        if "error" in answer:
            return Piece(error=_told(answer["error"], self._memory))
        return self._over(json.dumps(answer["value"]))

    def _work(self) -> None:
        """Do all jobs that are ready. The engine limits each of them; this limits how long they may go on."""
        until = time.process_time() + self._limits.seconds
        done = 0
        while self._context.execute_pending_job():
            done += 1
            if done % _JOBS == 0 and time.process_time() > until:
                raise MemoryError("interrupted")

    def _over(self, value: str) -> Piece:
        if len(value) > self._limits.output:
            return Piece(error=f"the script left more than {self._limits.output} characters")
        return Piece(value)


def _with_main(source: str) -> str:
    """The module with its default export under a name: the engine gives no other way to it."""
    found = list(_DEFAULT.finditer(source))
    if not found:
        return source
    # The last one: what looks like an export further up is an example in a comment.
    match = found[-1]
    before, after = source[: match.start()], source[match.end() :]
    name = match["name"] or match["listed"]
    if name is None:
        return f"{before}globalThis.{MAIN} = {after}"
    return f"{before}{after}\n;globalThis.{MAIN} = {name};"


_UNSHOWN = ("", "null", "[uninitialized]", "something that cannot be shown was thrown")
"""What an error says that was made without memory left to say more."""


def _explained(error: BaseException, seconds: float, memory_bytes: int) -> str:
    text = str(error).split("\n", 1)[0].strip()
    if "interrupted" in text and not text.startswith("Error: "):
        return f"stopped after {seconds:g} s"
    return _told(text, memory_bytes)


def _told(text: str, memory_bytes: int) -> str:
    thrown = text.removeprefix("Error: ")
    if thrown in _UNSHOWN or "out of memory" in thrown:
        return f"it threw nothing that can be shown, or needs more than {memory_bytes >> 20} MB of memory"
    return thrown
