"""Errors as clients of the platform API know them: `{"detail": …}`, and what FastAPI says of bad input (section 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

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
from parley.transports.platform.access import BadRequest, Forbidden
from parley.workspaces.operators import NotYours
from parley.workspaces.telephone import NoTelephone

_STATUSES: tuple[tuple[type[ParleyError], int], ...] = (
    (NotAllowed, 401),
    (Forbidden, 403),
    (NotYours, 403),
    (BadRequest, 400),
    (NotFound, 404),
    (SessionEnded, 409),
    (Conflict, 409),
    (InvalidInput, 422),
    (Busy, 429),
    (NoTelephone, 503),
    (Draining, 503),
    (StoreUnavailable, 503),
)
_CODES = {404: "no_route", 405: "method_not_allowed", 413: "body_too_large"}
HEADERS = frozenset({"Idempotency-Key"})
SHOWN = 200
"""How much of a bad value is shown to who sent it, in bytes of JSON."""
NO_JSON = {"type": "json_invalid", "loc": ["body"], "msg": "The body is no JSON in UTF-8."}
NO_OBJECT = "Send a JSON object, with content-type: application/json."


class Refusal(BaseModel):
    """Why something is refused: in words, for programs, and the id under which the log has it.

    `message`: the reason of a documented `detail`.
    """

    detail: str
    error_code: str | None = None
    message: str | None = None
    request_id: str


class ValidationError(BaseModel):
    """What is wrong with one value, and where."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any = None
    ctx: dict[str, Any] = {}


class HTTPValidationError(BaseModel):
    """What is wrong with the input (seed 003)."""

    detail: list[ValidationError] = []


def add_problems(app: FastAPI) -> None:
    """Answer our errors in this door's form."""
    app.add_exception_handler(ParleyError, _answer)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _correct)
    app.add_exception_handler(Exception, _break)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ParleyError)
    status, body = status_of(error), body_of(error, status_of(error))
    documented: Mapping[int | str, Mapping[str, Any]] = request.scope["route"].responses
    if status == 409 and isinstance(error, Conflict) and 409 not in documented and 503 in documented:
        status = 503
    if status == 503 and status in documented:
        # What clients are promised to read; the reason of it goes beside.
        body |= {"detail": documented[503]["description"], "message": error.message}
    is_passing = status in (429, 503) and not isinstance(error, NoTelephone)
    headers = {"retry-after": "1"} if is_passing else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return _reply(request, status, body, headers)


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    """What FastAPI refuses by itself: unknown paths and methods, and bytes that are no text."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return _reply(request, 422, {"detail": [NO_JSON]})
    code = _CODES.get(error.status_code)
    body = {"detail": error.detail} if code is None else {"detail": error.detail, "error_code": code}
    return _reply(request, error.status_code, body, error.headers)


async def _correct(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _reply(request, 422, {"detail": [_found(each) for each in error.errors()]})


async def _break(request: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw: who serves this door logs it, with the request's id."""
    message = f"An internal error occurred. The server's log has it under '{request.scope['request_id']}'."
    return _reply(request, 500, {"detail": message, "error_code": "internal_error"})


def _found(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong with one value, without the value where it is long or no text."""
    told = {"type": found["type"], "loc": list(found["loc"]), "msg": found["msg"]}
    if told["loc"] == ["body"] and found["type"] == "model_attributes_type":
        return {**told, "msg": NO_OBJECT}
    if "ctx" in found:
        told["ctx"] = {name: each if isinstance(each, int) else str(each) for name, each in found["ctx"].items()}
    with suppress(ValueError, TypeError):
        given = jsonable_encoder(found.get("input"))
        if len(json.dumps(given, ensure_ascii=False, allow_nan=False).encode()) <= SHOWN:
            told["input"] = given
    return told


def _reply(
    request: Request, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    named = {**body, "request_id": request.scope["request_id"]}
    return JSONResponse(named, status, dict(headers or {}))


def status_of(error: ParleyError) -> int:
    """The status that an error has here."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def body_of(error: ParleyError, status: int) -> dict[str, Any]:
    """`detail` is a text; of bad input a list, as FastAPI has it, of places in the body or `query.…`."""
    if status == 422:
        place, _, expected = error.message.partition(": ")
        where = "header" if place in HEADERS else "body"
        loc = place.split(".", 1) if place.startswith("query.") else [where, place]
        return {"detail": [{"loc": loc, "msg": expected or error.message, "type": "value_error"}]}
    return {"detail": error.message, "error_code": error.code}
