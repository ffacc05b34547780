"""The named statements of a file of SQL, and the parts that several of them have."""

from __future__ import annotations

import re
from pathlib import Path

from parley.backends.store.sqlite_packing import SESSIONS, TURNS

STORE = Path(__file__).with_name("sqlite_queries.sql")


def _named(file: Path) -> dict[str, str]:
    text = file.read_text("utf-8")
    found = re.split(r"^-- (name|part): (\w+)\n", text, flags=re.MULTILINE)[1:]
    bare = (re.sub(r"^--.*\n", "", sql, flags=re.MULTILINE).strip().rstrip(";") for sql in found[2::3])
    statements = list(zip(found[::3], found[1::3], bare, strict=True))
    parts = {"sessions": SESSIONS, "turns": TURNS} | {name: sql for kind, name, sql in statements if kind == "part"}
    return {name: _filled(sql, parts) for kind, name, sql in statements if kind == "name"}


def _filled(sql: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        sql = sql.replace(f"{{{name}}}", part)
    return sql


class Queries:
    """Statement by name, read from the file when the first store is opened."""

    def __init__(self, file: Path = STORE) -> None:
        self._named = _named(file)

    def __getattr__(self, name: str) -> str:
        try:
            return self._named[name]
        except KeyError:
            raise AttributeError(name) from None
