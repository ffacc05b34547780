"""The one translation of errors into HTTP answers: a status, a stable code, and a message for people.

Two dialects: the routes of the Conversations API, and the legacy interact route with its documented bodies
(Conversations API, section 2.2). The codes are listed in docs/reference/errors.md; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from parley.errors import InvalidInput, NotAllowed, ParleyError
from parley.transports.http.reply import Headers, reply_json
from parley.transports.http.request import Request

STATUS: dict[str, int] = {
    "invalid_input": 400,
    "malformed_json": 400,
    "unauthorized": 401,
    "key_missing": 401,
    "session_ended": 401,
    "invalid_environment": 400,
    "origin_not_allowed": 403,
    "forbidden": 403,
    "key_expired": 401,
    "not_found": 404,
    "no_route": 404,
    "no_project": 404,
    "no_environment": 404,
    "no_version": 404,
    "no_session": 404,
    "no_injection": 404,
    "no_turn": 404,
    "no_transcript": 404,
    "no_property": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "busy": 429,
    "rate_limited": 429,
    "internal_error": 500,
    "store_unavailable": 503,
    "conflict": 503,
    "taken": 409,
    "draining": 503,
}
"""Every code that leaves by this door, with its status. Any other code is a mistake here: 500."""

RETRY_AFTER = (b"retry-after", b"1")
CLOSE = (b"connection", b"close")


class Refused(ParleyError):
    """The door itself refuses the request; `headers` go with the answer."""

    def __init__(self, code: str, message: str, headers: Headers | None = None) -> None:
        super().__init__(message, code=code)
        self.headers = headers or []


Translate = Callable[[ParleyError, int], dict[str, Any]]
"""An error and the time (milliseconds since 1970) become a body."""


def status_of(error: ParleyError) -> int:
    """The HTTP status that stands for this error."""
    return STATUS.get(error.code, 500)


def is_retryable(error: ParleyError) -> bool:
    """The same request may succeed a moment later."""
    return status_of(error) in (429, 503)


def problem(error: ParleyError, now_ms: int) -> dict[str, Any]:
    """The body of an error: `statusCode`, `error`, `message`, `code`."""
    status = status_of(error)
    return {
        "statusCode": status,
        "error": HTTPStatus(status).phrase,
        "message": error.message,
        "code": error.code if error.code in STATUS else "internal_error",
    }


def legacy_problem(error: ParleyError, now_ms: int) -> dict[str, Any]:
    """The body of an error on the legacy interact route."""
    if isinstance(error, InvalidInput) or error.code in ("malformed_json", "no_environment"):
        name = "SyntaxError" if error.code == "malformed_json" else "verror"
        return {"name": name, "message": error.message, "requestID": f"{now_ms:x}"}
    status = legacy_status(error)
    return {
        "code": status,
        "status": HTTPStatus(status).phrase,
        "dateTime": datetime.fromtimestamp(now_ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "timestamp": now_ms,
        "data": _legacy_data(error, status),
    }


def _legacy_data(error: ParleyError, status: int) -> str:
    if isinstance(error, NotAllowed) and error.code == "key_missing":
        return "Auth Key Required"
    if status == 404 and error.code == "no_project":
        return "Model not found. Ensure project is properly rendered."
    return error.message


def legacy_status(error: ParleyError) -> int:
    """Like `status_of`; an environment that cannot be resolved is 400 there."""
    return 400 if error.code == "no_environment" else status_of(error)


async def reply_problem(request: Request, error: ParleyError, now_ms: int, *, is_legacy: bool = False) -> None:
    """Answer with an error."""
    status = legacy_status(error) if is_legacy else status_of(error)
    body = legacy_problem(error, now_ms) if is_legacy else problem(error, now_ms)
    await reply_json(request, body, status, _headers(error, status))


def _headers(error: ParleyError, status: int) -> Headers:
    if isinstance(error, Refused):
        return error.headers
    if status == 413:
        # The rest of the body is not read: the connection cannot be used again.
        return [CLOSE]
    return [RETRY_AFTER] if is_retryable(error) else []
