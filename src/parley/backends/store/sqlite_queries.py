"""The named statements of a file of SQL."""

from __future__ import annotations

import re
from pathlib import Path

from parley.backends.store.sqlite_packing import SESSIONS, TURNS

STORE = Path(__file__).with_name("sqlite_queries.sql")


def _named(file: Path) -> dict[str, str]:
    text = file.read_text("utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    bare = (re.sub(r"^--.*\n", "", part, flags=re.MULTILINE).strip().rstrip(";") for part in parts[1::2])
    return {
        name: sql.replace("{sessions}", SESSIONS).replace("{turns}", TURNS)
        for name, sql in zip(parts[::2], bare, strict=True)
    }


class Queries:
    """Statement by name, read from the file when the first store is opened."""

    def __init__(self, file: Path = STORE) -> None:
        self._named = _named(file)

    def __getattr__(self, name: str) -> str:
        try:
            return self._named[name]
        except KeyError:
            raise AttributeError(name) from None
