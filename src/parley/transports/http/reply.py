"""The ways to answer a request: JSON, nothing, or the head of a stream."""

from __future__ import annotations

from typing import Any

import msgspec

from parley.transports.http.request import Request

Headers = list[tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json; charset=utf-8")
EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
UNCACHED = (b"cache-control", b"no-cache")
UNBUFFERED = (b"x-accel-buffering", b"no")

_encode = msgspec.json.Encoder().encode


async def reply_json(request: Request, value: Any, status: int = 200, headers: Headers | None = None) -> None:
    """Answer with a value as JSON."""
    await reply_encoded(request, _encode(value), status, headers)


async def reply_encoded(request: Request, body: bytes, status: int = 200, headers: Headers | None = None) -> None:
    """Answer with JSON that is encoded already."""
    head: Headers = [JSON_TYPE, (b"content-length", b"%d" % len(body))]
    if headers is not None:
        head += headers
    await request.send({"type": "http.response.start", "status": status, "headers": head})
    await request.send({"type": "http.response.body", "body": body})


async def reply_empty(request: Request, status: int = 200, headers: Headers | None = None) -> None:
    """Answer without a body."""
    head: Headers = [] if status == 204 else [(b"content-length", b"0")]
    await request.send({"type": "http.response.start", "status": status, "headers": head + (headers or [])})
    await request.send({"type": "http.response.body", "body": b""})


async def begin_stream(request: Request, headers: Headers) -> None:
    """Send the head of a stream of server-sent events."""
    head = [EVENT_STREAM, UNCACHED, UNBUFFERED, *headers]
    await request.send({"type": "http.response.start", "status": 200, "headers": head})
