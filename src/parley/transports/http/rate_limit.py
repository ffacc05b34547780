"""A token bucket per key: so many requests a minute, refused before they have any effect.

Off unless a rate is set. Source: decisions, "v4 bodies"; the header names are those of the engine page, 1.1. On paths
of the platform API, refusals and the time of reset are its own (platform API, section 7).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.ports.clock import Clock
from parley.transports.http.problems import Refused, reply_problem
from parley.transports.http.reply import Headers, reply_json
from parley.transports.http.request import Request

REMEMBERED = 50_000
FREE = frozenset({"/health", "/ready"})


class Bucket:
    """Full at first; one token a request; refilled evenly over a minute."""

    __slots__ = ("_at_ms", "_tokens")

    def __init__(self, tokens: float, at_ms: int) -> None:
        self._tokens = tokens
        self._at_ms = at_ms

    def take(self, rate: int, now_ms: int) -> bool:
        """Take a token; False when there is none."""
        self._tokens = min(float(rate), self._tokens + max(0, now_ms - self._at_ms) * rate / 60_000)
        self._at_ms = now_ms
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def headers(self, rate: int, since: int = 0) -> Headers:
        """`X-RateLimit-*`: the limit, what is left, and the seconds after `since` until all of it is back."""
        return [
            (b"x-ratelimit-limit", b"%d" % rate),
            (b"x-ratelimit-remaining", b"%d" % int(self._tokens)),
            (b"x-ratelimit-reset", b"%d" % (since + ceil((rate - self._tokens) * 60 / rate))),
        ]

    def wait(self, rate: int) -> int:
        """Seconds until there is a token."""
        return max(1, ceil((1 - self._tokens) * 60 / rate))


class RateLimit:
    """Wraps the door. Requests without a key share the bucket of their address."""

    def __init__(
        self, door: ASGIApp, clock: Clock, per_minute: int, is_platform: Callable[[str], bool] = lambda path: False
    ) -> None:
        self._door = door
        self._is_platform = is_platform
        self._clock = clock
        self._rate = per_minute
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in FREE:
            await self._door(scope, receive, send)
            return
        now = self._clock.now_ms()
        bucket = self._bucket(scope, now)
        is_allowed = bucket.take(self._rate, now)
        headers = bucket.headers(self._rate, now // 1000 if self._is_platform(scope["path"]) else 0)
        if not is_allowed:
            wait = bucket.wait(self._rate)
            message = f"More than {self._rate} requests in a minute with this key. Try again in {wait} s."
            refused = Refused("rate_limited", message, [*headers, (b"retry-after", b"%d" % wait)])
            await self._refuse(Request(scope, receive, send), refused, now)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._door(scope, receive, send_with_headers)

    async def _refuse(self, request: Request, refused: Refused, now_ms: int) -> None:
        path = request.scope["path"]
        if self._is_platform(path):
            id = secrets.token_hex(8)
            body = {"detail": refused.message, "error_code": refused.code, "request_id": id}
            await reply_json(request, body, 429, [*refused.headers, (b"x-request-id", id.encode())])
            return
        is_legacy = path.startswith("/state/user/") and path.endswith("/interact")
        await reply_problem(request, refused, now_ms, is_legacy=is_legacy)

    def _bucket(self, scope: Scope, now_ms: int) -> Bucket:
        name = _name(scope)
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._rate, now_ms)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket


def _name(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hashlib.sha256(value).digest()
    return str((scope.get("client") or ("",))[0]).encode()
