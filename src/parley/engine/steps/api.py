"""The API step: an HTTP request, and what comes back.

Source: engine, section 1.10 (`integrations/custom_api`); Conversations API, section 8 (API tool).
"""

from __future__ import annotations

from parley.domain.steps import Api
from parley.domain.traces import debug
from parley.engine.calling import READING, post_once, send_once
from parley.engine.effects import UnknownOutcome
from parley.engine.json_text import json_in
from parley.engine.next import Goto, Next
from parley.engine.redacting import host_of
from parley.engine.requests import NoSecret, request_of
from parley.engine.response_path import MISSING, find_in
from parley.engine.templates import render
from parley.engine.turn import Turn
from parley.ports.tools import Request, RequestFailed, Response


async def call_api(step: Api, turn: Turn) -> Next:
    """Send the request; put what comes back into variables, or go the way of failure."""
    begun = turn.world.now_ms()
    try:
        request = request_of(step, turn)
        is_idempotent = request.method in READING if step.idempotent is None else step.idempotent
        if step.background:
            await post_once(turn, step.id, request, is_idempotent=is_idempotent)
            _tell(step, request, "sent in the background", "info", turn)
            return Goto(step.then)
        response = await send_once(turn, step.id, request, is_idempotent=is_idempotent)
    except (RequestFailed, UnknownOutcome, NoSecret) as failed:
        # The URL of the step and not of the request: that one may hold a secret.
        turn.emit(debug(f"API call failed: {failed.message}", level="error", context=failed.code, ref=turn.ref(step)))
        return _failed(step)
    is_ok = 200 <= response.status < 300
    said = f"{response.status} in {turn.world.now_ms() - begun} ms"
    _tell(step, request, said, "info" if is_ok else "error", turn)
    if not is_ok:
        return _failed(step)
    _capture(step, response, turn)
    return Goto(step.then)


def _capture(step: Api, response: Response, turn: Turn) -> None:
    if not step.captures:
        return
    found = json_in(response.body)
    for captured in step.captures:
        value = find_in(found, render(captured.path, turn.variables), turn.random)
        if value is not MISSING:
            turn.variables.set(captured.variable, value)


def _tell(step: Api, request: Request, said: str, level: str, turn: Turn) -> None:
    host = host_of(request.url, turn.redaction)
    turn.emit(debug(f"API {request.method} {host}: {said}", level=level, context="api", ref=turn.ref(step)))


def _failed(step: Api) -> Next:
    return Goto(step.then if step.failure is None else step.failure.then)
