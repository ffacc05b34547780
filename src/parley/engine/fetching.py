"""A function's `fetch`: from what it asks for to a request, and from the response to what it gets.

Source: Conversations API, section 8 (Function: the custom `fetch`).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.ids import StepID
from parley.engine.calling import READING, send_once
from parley.engine.effects import UnknownOutcome
from parley.engine.turn import Turn
from parley.ports.tools import Request, RequestFailed, Response


class _Init(Struct, frozen=True):
    method: str = "GET"
    headers: list[tuple[str, str]] = []
    body: str | None = None


class _Asked(Struct, frozen=True):
    url: str
    init: _Init


class Fetching:
    """The world as one run of a function sees it."""

    def __init__(self, step: StepID, turn: Turn) -> None:
        self._step = step
        self._turn = turn

    async def __call__(self, asked: str) -> str:
        """See `ports.scripts.Fetch`. Raises `StoreUnavailable`."""
        try:
            given = msgspec.json.decode(asked.encode("utf-8", "replace"), type=_Asked)
            response = await self._send(given)
        except (msgspec.MsgspecError, RequestFailed, UnknownOutcome) as failed:
            return json.dumps({"error": f"fetch: {failed}"})
        return json.dumps({"response": _shown(response)})

    async def _send(self, asked: _Asked) -> Response:
        method = asked.init.method.upper()
        body = None if asked.init.body is None else asked.init.body.encode()
        headers = tuple((name, " ".join(value.splitlines())) for name, value in asked.init.headers)
        hosts = frozenset(host.lower() for host in self._turn.program.settings.private_hosts)
        request = Request(method, asked.url, headers, body, private_hosts=hosts)
        return await send_once(self._turn, self._step, request, is_idempotent=method in READING)


def _shown(response: Response) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "ok": 200 <= response.status < 300,
        "status": response.status,
        "statusText": response.reason,
        "headers": headers,
        "url": response.url,
        "redirected": response.is_redirected,
        "text": response.body.decode("utf-8", "replace"),
    }
