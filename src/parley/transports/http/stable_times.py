"""Times as the stable API writes and reads them: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from parley.errors import InvalidInput

FORM = "a time in UTC, such as 2026-01-31T12:00:00Z"


def moment(ms: int) -> str:
    """Milliseconds since 1970 as a time."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(ms: int) -> str:
    """Milliseconds since 1970 as a date."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def read_moment(path: str, text: str | None) -> int | None:
    """A time as milliseconds since 1970, None where there is none. Raises `InvalidInput`."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput.at(path, FORM) from error
    if not text.endswith("Z") or read.tzinfo is None:
        raise InvalidInput.at(path, FORM)
    return int(read.timestamp() * 1000)
