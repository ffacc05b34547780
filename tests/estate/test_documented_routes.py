"""The platform API as documented, route by route: what is served takes the same input, and answers are held to it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

import watched_front
from comparing import differences
from documented import ROUTES, SCHEMAS, event_faults, frame_faults
from estate_fixture import Ground
from parley.transports.platform.rights import RIGHTS, WS

VERBS = ("guidance", "takeover", "handback", "switch-mode", "authored-turn")
"""What is done to runs: documented later than the documents that these tests hold answers to."""
OURS = {
    f"POST {WS}/projects/{{project_id}}/move",
    f"PUT {WS}/world/entities/{{canonical_id}}",
    f"GET {WS}/sessions/{{call_sid}}/injections/{{injection_id}}",
    f"POST {WS}/operators/{{operator_id}}/say",
    *(f"GET {WS}/runs{path}" for path in ("", "/summary", "/{run_id}")),
    *(f"POST {WS}/runs/{{run_id}}/{verb}" for verb in VERBS),
    f"GET {WS}/webhooks",
    f"POST {WS}/webhooks",
    f"GET {WS}/webhooks/{{webhook_id}}",
    f"DELETE {WS}/webhooks/{{webhook_id}}",
    f"POST {WS}/webhooks/{{webhook_id}}/rotate-secret",
    f"GET {WS}/webhooks/{{webhook_id}}/deliveries",
    f"POST {WS}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay",
}
"""Routes that nobody else documents."""

BOUNDED = re.compile(r": (maxLength|minLength|maximum|minimum) is \d+, and not None$")
"""Bounds of ours where none are documented: of names, of addresses, and of where a page begins."""
E164 = r"phone(_number)?: pattern is '\^\\\\\+\[1-9\]\\\\d\{1,14\}\$', and not None"
KNOWN = {
    E164: "A documented phone number is of E.164, which nothing else there checks.",
    r"workspaces(/\{workspace_id\})? region: (enum|default) is .*'local'": "A region of ours: where the server is.",
    r"audit-log action: enum is .*'operator.spoke', ": "What else is in our log can be asked for.",
}
"""Where we differ, and why."""


def test_every_route_is_documented_or_ours_alone() -> None:
    served = {f"{method} {path}" for method, path in RIGHTS if method != "WS"}
    assert served - set(ROUTES) == OURS
    assert set(ROUTES) <= served


@pytest.mark.parametrize("route", sorted(ROUTES))
async def test_a_route_takes_what_is_documented(client: httpx.AsyncClient, route: str) -> None:
    document = (await client.get("/openapi.json")).json()
    method, path = route.split(" ")
    operation, documented = document["paths"][path][method.lower()], ROUTES[route]
    components = document["components"]["schemas"]
    assert operation["operationId"] == documented["operation"]
    found = []
    parameters = {each["name"]: each["schema"] for each in operation["parameters"]} if "parameters" in operation else {}
    for name, schema in documented.get("query", {}).items():
        if name not in parameters:
            found.append(f"{name} is missing")
            continue
        found += differences(schema, parameters[name], SCHEMAS, components, name)
    if "body" in documented:
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        found += differences(documented["body"], body, SCHEMAS, components)
    told = [f"{route} {each}" for each in found]
    assert [each for each in told if not any(re.search(known, each) for known in (BOUNDED, *KNOWN))] == []


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
