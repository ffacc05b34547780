"""Entities that are regular expressions.

What users type must not be able to stop the process, and `re` has no time limit. So a text is tried only as far as
the pattern can get in some 10 million steps: the more repetitions without a bound, the shorter; where one is inside
another, 18 characters. Beyond that, its words are tried one by one. To tell, the pattern is read by the parser of `re`
itself, which has no public name.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from typing import Any

from parley.engine.moment import Moment

_LONGEST = 500
_LONGEST_RISKY = 18
_STEPS = 10_000_000
_MOST_WORDS = 30
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")


class Patterned:
    """One regular expression. One that cannot be understood is never found."""

    def __init__(self, pattern: str) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._longest = _LONGEST
        source = _NAMED_GROUP.sub("(?P<", pattern)
        try:
            parsed = parser.parse(source)
            self._longest = _LONGEST_RISKY if is_risky(parsed) else _reach(_repetitions(parsed))
            self._pattern = re.compile(rf"(?<!\w)(?:{source})(?!\w)")
        except (re.error, RecursionError, OverflowError):
            return

    def whole(self, text: str, moment: Moment | None = None) -> str | None:
        """The whole text, where the pattern covers it."""
        return self._match(text.strip(), whole=True)

    def find(self, text: str, moment: Moment | None = None) -> str | None:
        """The first place where the pattern is."""
        return self._match(text, whole=False)

    def _match(self, text: str, *, whole: bool) -> str | None:
        if self._pattern is None:
            return None
        for part in self._parts(text):
            match = self._pattern.fullmatch(part) if whole else self._pattern.search(part)
            if match is not None and match[0]:
                return match[0]
        return None

    def _parts(self, text: str) -> list[str]:
        if len(text) <= self._longest:
            return [text]
        words = [word for word in text[:_LONGEST].split()[:_MOST_WORDS] if len(word) <= self._longest]
        return words if self._longest == _LONGEST_RISKY else [text[: self._longest], *words]


def is_risky(parsed: Any) -> bool:
    """Whether some repetition without a bound has a choice or another repetition inside."""
    return any(_node_is_risky(code, argument) for code, argument in parsed)


def _reach(repetitions: int) -> int:
    """How long a text may be: matching takes about length ** repetitions steps, searching once more for each place."""
    return min(_LONGEST, int(_STEPS ** (1 / (repetitions + 1))))


def _repetitions(parsed: Any) -> int:
    """How many repetitions without a bound there are."""
    count = 0
    for code, argument in parsed:
        if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            count += (argument[1] > _LONGEST_RISKY) + _repetitions(argument[2])
        count += sum(_repetitions(inner) for inner in _inside(code, argument))
    return count


def _node_is_risky(code: Any, argument: Any) -> bool:
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        _, most, inner = argument
        return is_risky(inner) or (most > _LONGEST_RISKY and _is_ambiguous(inner))
    return any(is_risky(inner) for inner in _inside(code, argument))


def _is_ambiguous(parsed: Any) -> bool:
    for code, argument in parsed:
        if code is sre.BRANCH:
            return True
        if code in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[0] != argument[1]:
            return True
        if any(_is_ambiguous(inner) for inner in _inside(code, argument)):
            return True
    return False


def _inside(code: Any, argument: Any) -> list[Any]:
    if code in (sre.SUBPATTERN, sre.ASSERT, sre.ASSERT_NOT):
        return [argument[-1]]
    if code is sre.BRANCH:
        return list(argument[1])
    if code is sre.ATOMIC_GROUP:
        return [argument]
    if code is sre.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    return []
