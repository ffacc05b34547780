"""Entities that are regular expressions.

A pattern that could take exponential time is tried on single words of up to 20 characters only: what users type must
not be able to stop the process. To tell, the pattern is read by the parser of `re` itself, which has no public name.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from typing import Any

_LONGEST = 500
_LONGEST_RISKY = 20
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")


class Patterned:
    """One regular expression. One that cannot be understood is never found."""

    def __init__(self, pattern: str) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._risky = False
        source = _NAMED_GROUP.sub("(?P<", pattern)
        try:
            self._risky = is_risky(parser.parse(source))
            self._pattern = re.compile(rf"(?<!\w)(?:{source})(?!\w)")
        except (re.error, RecursionError, OverflowError):
            return

    def whole(self, text: str) -> str | None:
        """The whole text, where the pattern covers it."""
        return self._match(text.strip(), whole=True)

    def find(self, text: str) -> str | None:
        """The first place where the pattern is."""
        return self._match(text, whole=False)

    def _match(self, text: str, *, whole: bool) -> str | None:
        if self._pattern is None:
            return None
        for part in _risky_parts(text) if self._risky else (text[:_LONGEST],):
            match = self._pattern.fullmatch(part) if whole else self._pattern.search(part)
            if match is not None and match[0]:
                return match[0]
        return None


def is_risky(parsed: Any) -> bool:
    """Whether some repetition without a bound has a choice or another repetition inside."""
    return any(_node_is_risky(code, argument) for code, argument in parsed)


def _risky_parts(text: str) -> list[str]:
    return [word for word in text[:_LONGEST].split() if len(word) <= _LONGEST_RISKY]


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
