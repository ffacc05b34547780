"""The HTTP door: every route of the Conversations API as one ASGI application."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as PageRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from parley.errors import ParleyError
from parley.session.house import House
from parley.transports.http.cors import Cors
from parley.transports.http.health_routes import HealthRoutes
from parley.transports.http.keep_alive import KeepAlive
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.problems import Refused, problem, reply_problem
from parley.transports.http.rate_limit import RateLimit
from parley.transports.http.reply import reply_empty
from parley.transports.http.request import ClientGone, Request
from parley.transports.http.routing import Methods, Routes
from parley.transports.http.session_routes import SessionRoutes
from parley.transports.http.stable_table import add_stable_routes
from parley.transports.http.state_routes import StateRoutes
from parley.transports.http.turn_routes import TurnRoutes
from parley.transports.http.widget_table import add_widget_routes
from parley.workspaces.estate import Estate

log = structlog.get_logger()


PLATFORM = ("/v1/", "/agent/")
"""Where the paths of the platform API begin."""
OWN = ("/v1/stable/", "/v1/handoff/")
"""Where paths begin that are this door's own all the same."""


def http_app(
    house: House,
    *,
    extra: Sequence[BaseRoute] = (),
    rate_per_minute: int | None = None,
    platform: ASGIApp | None = None,
    estate: Estate | None = None,
) -> ASGIApp:
    """The door to a house. `extra` routes and the `platform` door are tried after its own.

    `rate_per_minute` None: no rate limit. `estate` None: there are no workspace keys.
    """
    door: ASGIApp = HttpDoor(house, extra, platform, estate)
    if rate_per_minute is not None:
        door = RateLimit(door, house.clock, rate_per_minute, is_platform)
    return Cors(door, house)


def is_platform(path: str) -> bool:
    """The path is one of the platform API."""
    return path.startswith(PLATFORM) and not path.startswith(OWN)


def routes(house: House, estate: Estate | None = None) -> Routes:
    """The table of all routes."""
    keep_alive = KeepAlive(house.clock)
    turns, sessions = TurnRoutes(house, keep_alive), SessionRoutes(house)
    legacy, health = LegacyRoutes(house, keep_alive), HealthRoutes(house)
    state = StateRoutes(house, legacy)
    table = Routes()
    table.add("/v4/interact", {"POST": turns.interact})
    table.add("/v4/interact/stream", {"POST": turns.interact_stream})
    table.add("/v4/interact/stream/{turnID}", {"GET": turns.resume})
    table.add("/v4/project/{projectID}/session", {"POST": sessions.start_by_split})
    table.add("/v4/project/{projectID}/environment/{environmentID}/session", {"POST": sessions.start_in_environment})
    table.add("/v2/project/{projectID}/session/{sessionKey}/event", {"POST": sessions.emit_event})
    table.add("/v2/project/{projectID}/session/{sessionKey}/event/{injectionID}", {"GET": sessions.get_event})
    table.add("/v2/project/{projectID}/user/{userID}/interact/stream", {"POST": legacy.interact_stream})
    table.add("/state/user/{userID}/interact", {"POST": legacy.interact}, is_legacy=True)
    of_user = {"GET": state.get, "PUT": state.put, "POST": state.reset, "DELETE": state.delete}
    table.add("/state/user/{userID}", of_user)
    table.add("/state/user/{userID}/variables", {"PATCH": state.patch_variables})
    add_widget_routes(table, house, legacy)
    add_stable_routes(table, house, estate)
    table.add("/health", {"GET": health.health})
    table.add("/ready", {"GET": health.ready})
    return table


class HttpDoor:
    """Finds the endpoint, and answers when it fails. What is not its own goes to the extra routes."""

    def __init__(
        self, house: House, extra: Sequence[BaseRoute], platform: ASGIApp | None, estate: Estate | None
    ) -> None:
        self._platform = platform
        self._clock = house.clock
        self._routes = routes(house, estate)
        self._rest = Starlette(routes=list(extra), exception_handlers={HTTPException: self._page_problem})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._otherwise(scope)(scope, receive, send)
            return
        request = Request(scope, receive, send)
        methods: Methods | None = None
        try:
            methods = self._routes.find(request)
            if methods is None:
                await self._otherwise(scope)(scope, receive, request.send)
            elif scope["method"] == "OPTIONS":
                await reply_empty(request, 204, [(b"allow", methods.allow)])
            else:
                await methods.endpoint(request.method)(request)
        except ClientGone:
            return
        except ParleyError as error:
            await self._fail(request, error, methods)
        except Exception:
            # What nobody foresaw ends this request and nothing else; the id joins the answer and the log.
            id = scope.get("request_id") or secrets.token_hex(4)
            log.exception("request failed", error_id=id, method=request.method[:20])
            message = f"An internal error occurred. The server's log has it under '{id}'."
            await self._fail(request, ParleyError(message, code="internal_error"), methods)

    def _otherwise(self, scope: Scope) -> ASGIApp:
        """Who serves what is none of this door's own routes."""
        return self._platform if is_platform(scope["path"]) and self._platform is not None else self._rest

    async def _fail(self, request: Request, error: ParleyError, methods: Methods | None) -> None:
        if not request.has_answered:
            is_legacy = methods is not None and methods.is_legacy
            await reply_problem(request, error, self._clock.now_ms(), is_legacy=is_legacy)

    async def _page_problem(self, request: PageRequest, error: Exception) -> Response:
        """Extra routes, and paths that nobody serves, fail in JSON too."""
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            found: ParleyError = Refused("no_route", "There is nothing under this path.")
            return JSONResponse(problem(found, 0), 404)
        if error.status_code == 405:
            refused = Refused("method_not_allowed", "This route does not take this method.")
            return JSONResponse(problem(refused, 0), 405, error.headers)
        return JSONResponse({"statusCode": error.status_code, "message": error.detail}, error.status_code)
