"""The platform door as one ASGI application, with its OpenAPI document.

FastAPI serves it: its 422 is the contract's, and its document is made from what runs. The turn path of the
Conversations API does not come through here.
"""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.transports.platform import (
    conversation_routes,
    entity_routes,
    escalation_routes,
    event_routes,
    key_routes,
    operator_routes,
    service_routes,
    session_routes,
    turn_routes,
    webhook_routes,
    workspace_routes,
)
from parley.transports.platform.observer_socket import observe
from parley.transports.platform.problems import add_problems
from parley.transports.platform.rights import RIGHTS, WS
from parley.transports.platform.test_call import test_call
from parley.transports.platform.text_socket import connect_session, text_stream
from parley.workspaces.estate import Estate

ROUTERS = (
    workspace_routes.router,
    key_routes.router,
    service_routes.router,
    entity_routes.router,
    session_routes.router,
    conversation_routes.router,
    turn_routes.router,
    event_routes.router,
    webhook_routes.router,
    escalation_routes.router,
    operator_routes.router,
)

SOCKETS = {
    f"{WS}/sessions/connect": connect_session,
    f"{WS}/observers/{{call_sid}}/ws": observe,
    "/agent/text-stream": text_stream,
    "/agent/test-call": test_call,
}


def platform_app(estate: Estate) -> RequestIDs:
    """The door to an estate."""
    return RequestIDs(_app(estate))


def _app(estate: Estate) -> FastAPI:
    app = FastAPI(
        title="Parley",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.estate = estate
    add_problems(app)
    for path, endpoint in SOCKETS.items():
        app.add_api_websocket_route(path, endpoint)
    for router in ROUTERS:
        app.include_router(router)
    unlisted = [
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute | APIWebSocketRoute)
        for method in (["WS"] if isinstance(route, APIWebSocketRoute) else sorted(route.methods or ()))
        if (method, route.path) not in RIGHTS
    ]
    if unlisted:
        raise RuntimeError(f"rights.py says nothing of {unlisted}")
    return app


class RequestIDs:
    """Gives every answer an `x-request-id`."""

    def __init__(self, app: FastAPI) -> None:
        self._app: ASGIApp = app
        self._describe = app.openapi

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of the door."""
        return self._describe()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                id = (b"x-request-id", secrets.token_hex(8).encode())
                message["headers"] = [*message.get("headers", ()), id]
            await send(message)

        await self._app(scope, receive, send_named)
