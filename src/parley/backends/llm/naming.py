"""Names and ids as providers take them: letters, digits, `_` and `-`."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 64
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


class Aliases:
    """What tools are called towards a provider, where their own names will not do."""

    def __init__(self, names: Iterable[str]) -> None:
        self._alias: dict[str, str] = {}
        self._name: dict[str, str] = {}
        for name in names:
            self.alias(name)

    def alias(self, name: str) -> str:
        """What the provider is told."""
        if name not in self._alias:
            wanted = alias = plain(name) or "tool"
            n = 1
            while alias in self._name:
                n += 1
                alias = f"{wanted[: LONGEST - 4]}_{n}"
            self._alias[name], self._name[alias] = alias, name
        return self._alias[name]

    def name(self, alias: str) -> str:
        """What the provider means."""
        return self._name.get(alias, alias)


def plain(text: str) -> str:
    """The text in the letters that providers take; the same text always gives the same."""
    return _OTHER.sub("_", text)[:LONGEST]
