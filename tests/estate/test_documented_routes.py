"""The platform API as documented, route by route: what is served takes the same input, and answers are held to it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

import watched_front
from documented import ROUTES, event_faults, frame_faults
from estate_fixture import Ground
from parley.transports.platform.rights import RIGHTS, WS

OURS = {
    f"PUT {WS}/world/entities/{{canonical_id}}",
    f"GET {WS}/sessions/{{call_sid}}/injections/{{injection_id}}",
    f"POST {WS}/operators/{{operator_id}}/say",
    f"GET {WS}/webhooks",
    f"POST {WS}/webhooks",
    f"GET {WS}/webhooks/{{webhook_id}}",
    f"DELETE {WS}/webhooks/{{webhook_id}}",
    f"POST {WS}/webhooks/{{webhook_id}}/rotate-secret",
    f"GET {WS}/webhooks/{{webhook_id}}/deliveries",
    f"POST {WS}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay",
}
"""Routes that nobody else documents."""


def test_every_route_is_documented_or_ours_alone() -> None:
    served = {f"{method} {path}" for method, path in RIGHTS if method != "WS"}
    assert served - set(ROUTES) == OURS
    assert set(ROUTES) <= served


async def test_what_does_not_keep_to_the_documents_is_noticed(
    ground: Ground, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-request-id", b"1"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'[{"call_sid": 7}]'})

    monkeypatch.setattr(watched_front.Front, "__call__", answer)
    await client.get(ground.at("/sessions/active"))
    broken = [each.partition(": ")[2] for each in watched_front.BROKEN]
    watched_front.BROKEN.clear()
    assert "0.call_sid: 7 is not of type 'string'" in broken
    assert "0: 'caller_id' is a required property" in broken


def test_a_frame_and_an_event_are_held_to_their_schemas() -> None:
    assert frame_faults("token", b'{"text":"x"}') == []
    assert frame_faults("token", b"{}") == ["token: body: 'text' is a required property"]
    assert frame_faults("tokens", b"{}") == ["no frame is called tokens"]
    assert event_faults("operator.joined_call", {"call_sid": "CA1", "operator_id": "x", "mode": "takeover"}) != []
    assert event_faults("injection.used", {}) == []
