"""Shapes that several routes share: times, names and pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Header, Query
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, WithJsonSchema

from parley.errors import InvalidInput

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
CanonicalID = Annotated[
    str, StringConstraints(min_length=3, max_length=256, pattern=r"^[A-Za-z0-9._-]+:[A-Za-z0-9._-]+:[A-Za-z0-9._-]+$")
]
"""`source:type:id` (seed 003)."""
_WRITTEN = re.compile(r"[\s().\-\u2010-\u2015/]")


def _dialled(number: object) -> object:
    """A number as it is dialled from abroad: `+1 (415) 555-0100` and `00 1 415 555 0100` are one."""
    if not isinstance(number, str):
        return number
    bare = _WRITTEN.sub("", number)
    if not bare.isascii():
        raise ValueError("expected a number in E.164, such as +14155550100")
    return f"+{bare[2:]}" if bare.startswith("00") else bare


Phone = Annotated[
    str,
    StringConstraints(min_length=2, max_length=16, pattern=r"^\+[1-9]\d{1,14}$"),
    BeforeValidator(_dialled),
]
"""E.164."""
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", pattern="^[!-~]{1,256}$")]
"""What makes a repeat the same request; an empty one would make all of them one."""
Sid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A call's sid, or a conversation's UUID."""
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
Spoken = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]
"""Words for the user, and not only spaces."""
Limit = Annotated[int, Query(gt=0, le=20)]
Token = Annotated[int, Query(ge=0, le=10**9)]


Search = Annotated[str | None, Query(min_length=1, max_length=200)]
SortBy = Annotated[str | None, Query(max_length=64)]
_ORDERS = ("name", "created_at", "updated_at")


class Paginated(BaseModel, Generic[T]):
    """One page. `continuation_token` asks for the next."""

    items: list[T]
    has_more: bool
    continuation_token: int | None = None
    total: int | None = Field(default=None)


def page_of(items: Sequence[T], limit: int, token: int) -> Paginated[T]:
    """The page that begins at `token` of a list that is here whole."""
    end = token + limit
    has_more = end < len(items)
    return Paginated(
        items=list(items[token:end]),
        has_more=has_more,
        continuation_token=end if has_more else None,
        total=len(items),
    )


def in_order(items: Sequence[M], sort_by: str | None) -> Sequence[M]:
    """By one of their fields; `-` before its name turns the order. Raises `InvalidInput` for other fields."""
    if sort_by is None:
        return items
    field = sort_by.removeprefix("-")
    if field not in _ORDERS:
        raise InvalidInput.at("query.sort_by", f"{', '.join(_ORDERS)}, or one of these after a '-'")
    return sorted(items, key=lambda item: getattr(item, field), reverse=sort_by.startswith("-"))


def moment(ms: int) -> datetime:
    """Milliseconds since 1970 as a time."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def check_fit(place: str, value: Any, longest: int | None = None) -> None:
    """Raises `InvalidInput` where a client's own JSON cannot be kept: half a character, too deep, too long."""
    try:
        size = len(msgspec.json.encode(value))
    except (UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput.at(place, "JSON of whole characters that is not too deep") from error
    if longest is not None and size > longest:
        raise InvalidInput.at(place, f"at most {longest} bytes as JSON")
