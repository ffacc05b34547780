"""What the WebSockets of the platform door share: who is calling, by subprotocol, and the codes that close them.

A client offers the subprotocols `auth` and its key; the answer echoes `auth`, without which real clients give up
(platform API, sections 3.4 and 8).
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from starlette.websockets import WebSocket, WebSocketState

from parley.domain.workspace import Role, Workspace, WorkspaceID, WorkspaceKey, is_at_least
from parley.errors import NotAllowed, NotFound
from parley.transports.platform.access import Caller
from parley.workspaces.estate import Estate

AUTH = "auth"
NORMAL = 1000
BAD = 4001
"""Parameters or a key that are wrong."""
FOREIGN = 4003
"""A key of another workspace, or of too low a role."""
UNKNOWN = 4004
FAILED = 4200
BAD_CONVERSATION = 4400
NOT_FOUND = 4404
OWNED = 4409
"""Another client has the conversation."""
BUSY = 1013


class Turned(Exception):
    """A caller who is turned away, with the code that says why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def welcome(socket: WebSocket, estate: Estate, workspace: str | None, role: Role) -> Caller:
    """Accept a socket and find out who is calling. Raises `Turned`."""
    offered = socket.scope.get("subprotocols") or []
    has_auth = bool(offered) and offered[0] == AUTH
    await socket.accept(subprotocol=AUTH if has_auth else None)
    key = await _key(estate, offered[1] if has_auth and len(offered) > 1 else None)
    found = await _workspace(estate, workspace)
    if key.workspace != found.id:
        raise Turned(FOREIGN, "This key belongs to another workspace.")
    if not is_at_least(key.role, role):
        raise Turned(FOREIGN, f"A key of the role '{role}' is needed for this.")
    return Caller(key, found)


async def _key(estate: Estate, plain: str | None) -> WorkspaceKey:
    try:
        return await estate.keys.open(plain)
    except NotAllowed as refused:
        raise Turned(BAD, "Offer the subprotocols 'auth' and a valid workspace key.") from refused


async def _workspace(estate: Estate, id: str | None) -> Workspace:
    try:
        return await estate.workspaces.get(WorkspaceID(str(UUID(id or ""))))
    except ValueError as error:
        raise Turned(BAD, "workspace_id: expected a UUID") from error
    except NotFound as error:
        raise Turned(FOREIGN, "This key belongs to another workspace.") from error


async def close(socket: WebSocket, code: int = NORMAL, reason: str = "") -> None:
    """Close it, where it is open still."""
    if socket.client_state != WebSocketState.DISCONNECTED and socket.application_state != WebSocketState.DISCONNECTED:
        with suppress(RuntimeError):
            await socket.close(code, reason[:120])
