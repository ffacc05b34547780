"""The platform door as one ASGI application, with its OpenAPI document.

FastAPI serves it: its 422 is the contract's, and its document is made from what runs. The turn path of the
Conversations API does not come through here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.utils import generate_unique_id
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.request import BodyTooLarge
from parley.transports.platform import (
    conversation_routes,
    entity_routes,
    escalation_routes,
    event_routes,
    key_routes,
    operator_routes,
    run_routes,
    service_routes,
    session_routes,
    transcript_routes,
    turn_routes,
    webhook_routes,
    workspace_routes,
)
from parley.transports.platform.observer_socket import observe
from parley.transports.platform.problems import HTTPValidationError, Refusal, add_problems
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
    transcript_routes.router,
    operator_routes.router,
    run_routes.router,
)

REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "Missing or invalid API key."},
    403: {"model": Refusal, "description": "The key is of another workspace, or of too low a role."},
    422: {"model": HTTPValidationError, "description": "Validation Error"},
    "default": {"model": Refusal, "description": "Refused: `detail` says why."},
}
"""What every route may answer beside its own."""

SOCKETS = {
    f"{WS}/sessions/connect": connect_session,
    f"{WS}/observers/{{call_sid}}/ws": observe,
    "/agent/text-stream": text_stream,
    "/agent/test-call": test_call,
}


def platform_app(estate: Estate, body_limit: int) -> PlatformDoor:
    """The door to an estate. `body_limit`: bytes."""
    return PlatformDoor(_app(estate), body_limit)


def _app(estate: Estate) -> FastAPI:
    app = FastAPI(
        title="Parley",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        strict_content_type=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.estate = estate
    app.state.keep_alive = KeepAlive(estate.clock)
    add_problems(app)
    for path, endpoint in SOCKETS.items():
        app.add_api_websocket_route(path, endpoint)
    for router in ROUTERS:
        app.include_router(router, responses=REFUSALS)
    unlisted = {*_served(), *(("WS", path) for path in SOCKETS)} - RIGHTS.keys()
    if unlisted:
        raise RuntimeError(f"rights.py says nothing of {sorted(unlisted)}")
    return app


def _served() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods or ())


def _operation_id(route: APIRoute) -> str:
    """The names of the documented operations: two kinds, by tag."""
    if {"Sessions", "Conversations"} & set(route.tags):
        return generate_unique_id(route)
    return route.name.replace("_", "-")


class PlatformDoor:
    """Gives every request an id, which its answer and the log carry; reads no body that is too long."""

    def __init__(self, app: FastAPI, body_limit: int) -> None:
        self._app: ASGIApp = app
        self._describe = app.openapi
        self._body_limit = body_limit

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of the door."""
        return self._describe()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        id = secrets.token_hex(8)
        scope["request_id"] = id
        taken = 0

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", id.encode())]
            await send(message)

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if taken > self._body_limit:
                raise HTTPException(413, BodyTooLarge(self._body_limit).message, {"connection": "close"})
            return message

        await self._app(scope, receive_bounded, send_named)
