"""Whether a text is a JavaScript expression, or a script. Parses and never runs it."""

from __future__ import annotations

from functools import lru_cache

import quickjs

# A function body is parsed whole before it exists, so nothing in the source is run. Of the two bodies one alone would
# take `1) + (2` or `1], [2` for an expression.
_CHECK = "(source) => { new Function('return (' + source + '\\n)'); new Function('return [' + source + '\\n]'); }"
_CHECK_SCRIPT = "(source) => { new Function(source); }"
_LONGEST = 10_000
_LONGEST_SCRIPT = 256 * 1024


@lru_cache(maxsize=4096)
def fault_of(source: str) -> str | None:
    """What is wrong with the expression; None where nothing is."""
    if not source.strip():
        return "it is empty"
    if len(source) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return _fault(_CHECK, source)


def script_fault_of(source: str) -> str | None:
    """What is wrong with statements that may `return`; None where nothing is."""
    if len(source) > _LONGEST_SCRIPT:
        return f"it is longer than {_LONGEST_SCRIPT} characters"
    return _fault(_CHECK_SCRIPT, source)


def _fault(check: str, source: str) -> str | None:
    context = quickjs.Context()
    context.set_memory_limit(16 * 1024 * 1024)
    try:
        context.eval(check)(source)
    except (quickjs.JSException, quickjs.StackOverflow) as error:
        return str(error).split("\n", 1)[0].removeprefix("SyntaxError: ")
    except (UnicodeError, ValueError, TypeError) as error:
        return str(error)
    return None
