"""Records as bytes that SQLite unpacks by itself: a whole group of rows is one parameter of one statement.

A statement a row would take and drop the interpreter lock a row, and wait for it each time behind a busy event loop.
Instead `carray` hands SQLite a tuple of records, and `substr` and `CAST` take them apart without the interpreter.
A record is a header of decimal numbers, then the data they point at.
"""

from __future__ import annotations

from parley.errors import InvalidInput

SessionRecord = bytes
TurnRow = bytes

_NONE = -1
_SPAN = "%010d%010d"
_NUMBER = "%016d"


def session_record(
    id: bytes,
    project: bytes,
    user: bytes,
    revision: int,
    ended: bytes,
    expires_minute: int | None,
    state: bytes,
) -> SessionRecord:
    """A session as one record; `ended` is empty while it lives."""
    a, b, c, d, e = len(id), len(project), len(user), len(ended), len(state)
    record = _SESSION % (
        *(_SESSION_AT, a, _SESSION_AT + a, b, _SESSION_AT + a + b, c, revision),
        *(_SESSION_AT + a + b + c, d, _NONE if expires_minute is None else expires_minute),
        *(_SESSION_AT + a + b + c + d, e),
        *(id, project, user, ended, state),
    )
    return _sound(record, _SESSION_AT - 1 + a + b + c + d + e)


def turn_row(
    session: bytes,
    id: bytes,
    name: bytes,
    accepted_at: int,
    first: int,
    last: int,
    asked: bytes,
    said: bytes,
) -> TurnRow:
    """A turn as one record; `said` is empty while it is unfinished, `first` and `last` are -1 where it says nothing."""
    a, b, c, d, e = len(session), len(id), len(name), len(asked), len(said)
    at = _TURN_AT + a + b
    record = _TURN % (
        *(_TURN_AT, a, _TURN_AT + a, b, at, c, accepted_at, first, last, at + c, d, at + c + d, e),
        *(session, id, name, asked, said),
    )
    return _sound(record, at - 1 + c + d + e)


def _sound(record: bytes, length: int) -> bytes:
    """A number with too many digits would shift all that follows."""
    if len(record) != length:
        raise InvalidInput("This session cannot be kept: one of its times, revisions or sizes is out of range.")
    return record


def _layout(*columns: str) -> tuple[bytes, int, str]:
    """The format of a record, where its data begins, and the sub-select that unpacks it. A column is `name kind`."""
    header, at, fields, spans = "", 1, [], 0
    for column in columns:
        name, kind = column.split(" ")
        if kind == "number":
            header += _NUMBER
            fields.append(f"nullif(CAST(substr(value, {at}, 16) AS INTEGER), {_NONE}) AS {name}")
            at += 16
            continue
        header += _SPAN
        data = f"substr(value, CAST(substr(value, {at}, 10) AS INTEGER), CAST(substr(value, {at + 10}, 10) AS INTEGER))"
        wrap = {
            "text": f"CAST({data} AS TEXT)",
            "text?": f"nullif(CAST({data} AS TEXT), '')",
            "blob": data,
            "blob?": f"nullif({data}, x'')",
        }
        fields.append(f"{wrap[kind]} AS {name}")
        at += 20
        spans += 1
    return (header + "%b" * spans).encode(), at, f"(SELECT {', '.join(fields)} FROM carray(?1))"


_SESSION, _SESSION_AT, SESSIONS = _layout(
    "id text", "project text", "user text", "revision number", "ended text?", "expires_minute number", "state blob"
)
_TURN, _TURN_AT, TURNS = _layout(
    *("session text", "id text", "name text", "accepted_at number", "first number", "last number"),
    *("asked blob", "said blob?"),
)
