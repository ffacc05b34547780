"""What the WebSockets of the platform door share: who is calling, by subprotocol, and the codes that close them.

A client offers the subprotocols `auth` and its key; the answer echoes `auth`, without which real clients give up
(platform API, sections 3.4, 4.2 and 8).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from parley.domain.workspace import Workspace, WorkspaceID, WorkspaceKey, is_at_least
from parley.errors import NotAllowed, NotFound, StoreUnavailable
from parley.transports.platform.access import Caller
from parley.transports.platform.rights import RIGHTS
from parley.workspaces.estate import Estate
from parley.workspaces.services import ServiceView

AUTH = "auth"
NORMAL = 1000
BAD = 4001
"""Parameters or a key that are wrong."""
FOREIGN = 4003
"""A key of another workspace, or of too low a role."""
UNKNOWN = 4004
"""No such call."""
FULL = 4029
"""As many watch as may."""
KEY_OVER = 4100
"""The key has expired, or opens nothing any more."""
FAILED = 4200
"""The conversation cannot be begun now."""
BAD_CONVERSATION = 4400
NOT_FOUND = 4404
OWNED = 4409
"""Another client has the conversation."""
BUSY = 1013
"""Come again: the client was too slow, or the server cannot go on."""
KEY_CHECK = 30.0
"""Seconds after which it is noticed that another process has revoked or rotated a key."""


class Turned(Exception):
    """A caller who is turned away, with the code that says why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def welcome(socket: WebSocket, estate: Estate, workspace: str | None, token: str | None = None) -> Caller:
    """Accept a socket and find out who is calling; `token` is for who offers no key. Raises `Turned`."""
    offered = socket.scope.get("subprotocols") or []
    has_auth = bool(offered) and offered[0] == AUTH
    await socket.accept(subprotocol=AUTH if has_auth else None)
    key = await _key(estate, offered[1] if has_auth and len(offered) > 1 else token)
    found = await _workspace(estate, workspace)
    if key.workspace != found.id:
        raise Turned(FOREIGN, "This key belongs to another workspace.")
    wanted = RIGHTS["WS", socket.scope["route"].path]
    if not is_at_least(key.role, wanted):
        raise Turned(FOREIGN, f"A key of the role '{wanted}' is needed for this.")
    return Caller(key, found)


async def _key(estate: Estate, plain: str | None) -> WorkspaceKey:
    try:
        return await estate.keys.open(plain)
    except NotAllowed as refused:
        raise Turned(BAD, "Offer the subprotocols 'auth' and a valid workspace key.") from refused
    except StoreUnavailable as failed:
        raise Turned(BUSY, failed.message) from failed


async def _workspace(estate: Estate, id: str | None) -> Workspace:
    try:
        return await estate.workspaces.get(WorkspaceID(str(UUID(id or ""))))
    except ValueError as error:
        raise Turned(BAD, "workspace_id: expected a UUID") from error
    except NotFound as error:
        raise Turned(FOREIGN, "This key belongs to another workspace.") from error


def id_of(socket: WebSocket, name: str) -> str:
    """The UUID in the query. Raises `Turned`."""
    try:
        return str(UUID(socket.query_params.get(name) or ""))
    except ValueError as error:
        raise Turned(BAD, f"{name}: expected a UUID") from error


async def service_of(socket: WebSocket, estate: Estate, caller: Caller) -> ServiceView:
    """The service that the query names. Raises `Turned`."""
    try:
        return await estate.services.get(caller.workspace, id_of(socket, "service_id"))
    except NotFound as error:
        raise Turned(NOT_FOUND, "Service not found.") from error


async def key_ends(estate: Estate, key: WorkspaceKey) -> None:
    """Return when the key opens nothing any more: it has expired, was revoked or has another secret.

    At once where this process has done it, else soon.
    """
    with estate.keys.watched(key.id) as changed:
        while (left := key.expires_at - estate.clock.now_ms()) > 0:
            await _first(estate.clock.sleep(min(left / 1000, KEY_CHECK)), changed.wait())
            changed.clear()
            try:
                known = await estate.keys.get(key.workspace, key.id)
            except NotFound:
                return
            except StoreUnavailable:
                continue
            if (known.digest, known.role) != (key.digest, key.role):
                return


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def heard(socket: WebSocket) -> AsyncIterator[str | bytes]:
    """What the client sends, until it is gone."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        sent = message.get("bytes")
        yield message.get("text") or "" if sent is None else sent


async def close(socket: WebSocket, code: int = NORMAL, reason: str = "") -> None:
    """Close it, where it is open still."""
    if socket.client_state != WebSocketState.DISCONNECTED and socket.application_state != WebSocketState.DISCONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code, reason[:120])
