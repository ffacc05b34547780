"""Errors as clients of the platform API know them: `{"detail": …}`, and what FastAPI says of bad input (section 7)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from parley.errors import (
    Busy,
    Conflict,
    Draining,
    InvalidInput,
    NotAllowed,
    NotFound,
    ParleyError,
    SessionEnded,
    StoreUnavailable,
)
from parley.transports.platform.access import Forbidden
from parley.workspaces.supervising import NotYours

_STATUSES: tuple[tuple[type[ParleyError], int], ...] = (
    (NotAllowed, 401),
    (Forbidden, 403),
    (NotYours, 403),
    (NotFound, 404),
    (SessionEnded, 409),
    (Conflict, 409),
    (InvalidInput, 422),
    (Busy, 429),
    (Draining, 503),
    (StoreUnavailable, 503),
)


def add_problems(app: FastAPI) -> None:
    """Answer our errors in this door's form."""
    app.add_exception_handler(ParleyError, _answer)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ParleyError)
    status = status_of(error)
    headers = {"retry-after": "1"} if status in (429, 503) else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body_of(error, status), status, headers)


def status_of(error: ParleyError) -> int:
    """The status that an error has here."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def body_of(error: ParleyError, status: int) -> dict[str, Any]:
    """`detail` is a text; of bad input a list, as FastAPI has it."""
    if status == 422:
        place, _, expected = error.message.partition(": ")
        return {"detail": [{"loc": ["body", place], "msg": expected or error.message, "type": "value_error"}]}
    return {"detail": error.message, "error_code": error.code}
