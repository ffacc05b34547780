"""Every route, with every role's key, no key, a wrong one, and one of another workspace: the matrix of rights.py."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from estate_fixture import Ground
from parley.domain.workspace import ROLES, Role, is_at_least
from parley.transports.platform.door import platform_app
from parley.transports.platform.rights import RIGHTS, WS

PARTS = {
    "canonical_id": "crm:Patient:1",
    "call_sid": "CA" + "0" * 32,
    "key_id": str(uuid.UUID(int=1)),
}
REFUSED = {401, 403}


def filled(path: str, workspace: str) -> str:
    """The path with something in each of its braces."""
    parts = []
    for part in path.split("/"):
        name = part.strip("{}")
        found = workspace if name == "workspace_id" else PARTS.get(name, str(uuid.UUID(int=1)))
        parts.append(found if part.startswith("{") else part)
    return "/".join(parts)


async def status(ground: Ground, key: str | None, method: str, path: str, workspace: str) -> int:
    """The status of the answer; what comes after it is not waited for, as it may have no end."""
    headers = [(b"content-type", b"application/json")]
    if key is not None:
        headers.append((b"authorization", b"Bearer " + key.encode()))
    target = filled(path, workspace)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": target,
        "raw_path": target.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
        "client": ("test", 1),
        "server": ("parley.test", 80),
    }
    said: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    body = iter([{"type": "http.request", "body": b"{}"}])

    async def receive() -> dict[str, Any]:
        return next(body, None) or await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said.set_result(message["status"])

    answering = asyncio.ensure_future(ground.front(scope, receive, send))  # type: ignore[arg-type]
    await asyncio.wait([said, answering], return_when=asyncio.FIRST_COMPLETED)
    answering.cancel()
    return said.result()


async def closing(ground: Ground, key: str | None, path: str, workspace: str) -> int:
    """The code that a WebSocket is closed with by somebody who asks for what is not there."""
    someone = str(uuid.UUID(int=1))
    target = filled(path, workspace)
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "path": target,
        "raw_path": target.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": f"workspace_id={workspace}&service_id={someone}&entity_id={someone}".encode(),
        "headers": [],
        "subprotocols": [] if key is None else ["auth", key],
        "client": ("test", 1),
        "server": ("parley.test", 80),
    }
    events = iter([{"type": "websocket.connect"}])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(events, {"type": "websocket.disconnect", "code": 1006})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await ground.front(scope, receive, send)  # type: ignore[arg-type]
    accepted, closed = sent
    assert accepted["type"] == "websocket.accept"
    assert accepted["subprotocol"] == (None if key is None else "auth")
    return int(closed["code"])


HTTP_ROUTES = sorted(route for route in RIGHTS if route[0] != "WS")
SOCKETS = sorted(path for method, path in RIGHTS if method == "WS")


@pytest.mark.parametrize("path", SOCKETS)
async def test_a_socket_lets_in_who_may_and_nobody_else(ground: Ground, path: str) -> None:
    ours, wanted = ground.ours.id, RIGHTS["WS", path]
    for role in ROLES:
        code = await closing(ground, ground.keys[role], path, ours)
        if is_at_least(role, wanted):
            assert code in (4004, 4404), f"let in, {role} finds nothing"
        else:
            assert code == 4003, role
    for key in (None, "", "nonsense", "pk_" + "0" * 24 + "_x"):
        assert await closing(ground, key, path, ours) == 4001
    assert await closing(ground, ground.foreign_key, path, ours) == 4003
    assert await closing(ground, ground.keys["owner"], path, str(uuid.UUID(int=1))) == 4003
    assert await closing(ground, ground.keys["owner"], path, "not-a-uuid") == 4001


@pytest.mark.parametrize(("method", "path"), HTTP_ROUTES)
async def test_a_route_lets_in_who_may_and_nobody_else(ground: Ground, method: str, path: str) -> None:
    wanted = RIGHTS[method, path]
    ours = ground.ours.id
    said: dict[Role, int] = {role: await status(ground, ground.keys[role], method, path, ours) for role in ROLES}
    for role in ROLES:
        if is_at_least(role, wanted):
            assert said[role] not in REFUSED | {500}, role
        else:
            assert said[role] == 403, role
    for key in (None, "", "nonsense", "pk_" + "0" * 24 + "_x"):
        assert await status(ground, key, method, path, ours) == 401
    if "{workspace_id}" in path:
        assert await status(ground, ground.foreign_key, method, path, ours) == 403
        assert await status(ground, ground.keys["owner"], method, path, "not-a-uuid") == 422


def test_a_route_without_a_right_is_not_served(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    for route in (("GET", f"{WS}/services"), ("WS", "/agent/test-call")):
        with monkeypatch.context() as now:
            now.delitem(RIGHTS, route)
            with pytest.raises(RuntimeError, match=route[1]):
                platform_app(ground.estate, 1_000)
