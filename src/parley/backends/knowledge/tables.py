"""Tables as pieces: each row is a record. CSV, TSV, and rows of JSON as the document routes take them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from parley.backends.knowledge.pieces import Piece, Unfit, decoded

MOST_COLUMNS = 200
LONGEST_CELL = 100_000
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")


def read_csv(data: bytes) -> Iterator[Piece]:
    """A record a row; the first row names the columns. Raises `Unfit`."""
    text = decoded(data)
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    try:
        head = [name.strip() for name in next(rows, [])]
        if len(head) > MOST_COLUMNS:
            raise Unfit(f"The table has {len(head)} columns; at most {MOST_COLUMNS} are read.")
        names = [name or f"column {n}" for n, name in enumerate(head, 1)]
        for number, row in enumerate(rows, 1):
            cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
            if cells:
                said = "\n".join(f"{name}: {cell}" for name, cell in cells.items())
                yield Piece(said, row=number, record={name: _value(cell) for name, cell in cells.items()})
    except csv.Error as error:
        raise Unfit(f"The table cannot be read: {error} (line {rows.line_num}).") from error


def read_rows(data: bytes) -> Iterator[Piece]:
    """A record an item. `data` is JSON: `items`, the fields to search, and those that are metadata."""
    table = json.loads(data)
    searchable, kept = table["searchable"], table["metadata"]
    for number, item in enumerate(table["items"], 1):
        said = "\n".join(f"{name}: {_shown(item[name])}" for name in searchable if item.get(name) not in (None, ""))
        if said:
            yield Piece(said, row=number, record={name: item[name] for name in kept if name in item})


def _delimiter(text: str) -> str:
    """The likeliest of the usual ones, by the first line."""
    first = text.lstrip().partition("\n")[0][:10_000]
    return max((",", "\t", ";", "|"), key=first.count)


def _value(cell: str) -> Any:
    """Numbers as numbers, so that filters can compare them."""
    if _NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    return {"true": True, "false": False}.get(cell.lower(), cell[:1000])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
