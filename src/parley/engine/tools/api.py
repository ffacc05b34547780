"""The API tool: an HTTP request whose templates may name what the model gave.

Source: Conversations API, section 8 (API tool).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from parley.domain.ids import StepID
from parley.domain.tools import ApiTool
from parley.domain.world_steps import Api
from parley.engine.calling import READING, send_once
from parley.engine.effects import UnknownOutcome
from parley.engine.json_text import json_in
from parley.engine.requests import request_of
from parley.engine.tools.given import Given
from parley.engine.tools.outcome import Outcome, Run, failed
from parley.engine.turn import Turn
from parley.ports.tools import RequestFailed, Response

_SHOWN = 1000
"""Characters of the response to a request that failed."""


def prepare_api(tool: ApiTool, arguments: dict[str, Any], place: StepID, turn: Turn) -> Run:
    """The request, ready to be sent. Raises `NoSecret`."""
    step = tool.request or Api(place)
    request = request_of(step, turn, Given(arguments, turn.variables))
    if tool.timeout is not None:
        request = replace(request, timeout=tool.timeout)
    known = step.idempotent if tool.idempotent is None else tool.idempotent
    is_idempotent = request.method in READING if known is None else known

    async def run() -> Outcome:
        try:
            response = await send_once(turn, place, request, is_idempotent=is_idempotent)
        except (RequestFailed, UnknownOutcome) as error:
            return failed(error.message)
        return _outcome(response)

    return run


def _outcome(response: Response) -> Outcome:
    text = _text(response)
    if not 200 <= response.status < 300:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        why = f"the service answered {response.status} {response.reason}".rstrip()
        return Outcome(f"Error: {why}\n{shown}".rstrip(), is_error=True, notes=(("error", why),))
    found = json_in(response.body)
    return Outcome(text or "(an empty response)", found=found, has_found=True, notes=(("info", f"{response.status}"),))


def _text(response: Response) -> str:
    """What a model can read of the body."""
    body = response.body
    if b"\0" in body[:1024]:
        kind = dict(response.headers).get("content-type", "unknown")
        return f"({len(body)} bytes that are no text, of type {kind})"
    return body.decode("utf-8-sig", "replace").strip()
