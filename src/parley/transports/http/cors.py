"""Which web pages may use the door, and the headers that tell their browser so.

Acts only on requests with an `Origin`. An allowed origin is echoed, with credentials, never `*`; one that the
project does not allow is refused before anything happens.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parley.domain.ids import ProjectID
from parley.errors import NotAllowed, NotFound
from parley.session.access import bare
from parley.session.house import House
from parley.transports.http.problems import Refused, reply_problem
from parley.transports.http.reply import Headers, reply_empty
from parley.transports.http.request import Request

METHODS = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED = (
    b"X-Session-ID, X-Turn-ID, X-Request-ID, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)
PREFLIGHT_SECONDS = b"600"
PROJECT_PART = 3
"""`/v2/project/{projectID}/...`: where a path names its project."""


class Cors:
    """Wraps the door."""

    def __init__(self, door: ASGIApp, house: House) -> None:
        self._door = door
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope)
        if origin is None:
            await self._door(scope, receive, send)
            return
        request = Request(scope, receive, send)
        if not self._allows(request, origin.decode("latin-1")):
            refused = Refused("origin_not_allowed", "This project does not allow requests from pages of this origin.")
            await reply_problem(request, refused, self._house.clock.now_ms())
            return
        headers: Headers = [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", EXPOSED),
            (b"vary", b"Origin"),
        ]
        asked = request.header(b"access-control-request-method")
        if request.method == "OPTIONS" and asked is not None:
            await reply_empty(request, 204, headers + _preflight(request))
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await self._door(scope, receive, send_with_headers)

    def _allows(self, request: Request, origin: str) -> bool:
        if origin.partition("://")[2] == request.header(b"host"):
            return True
        allowed = self._project_origins(request)
        return any(not origins or origin in origins for origins in allowed)

    def _project_origins(self, request: Request) -> list[tuple[str, ...]]:
        """The origins of the request's project; of all projects where it cannot be told (a preflight has no key)."""
        catalog = self._house.catalog
        try:
            named = self._project_named(request)
            if named is not None:
                return [catalog.project(ProjectID(named)).origins]
        except (NotFound, NotAllowed):
            return [()]
        return [project.origins for project in catalog.projects()] or [()]

    def _project_named(self, request: Request) -> str | None:
        parts = request.scope["path"].split("/")
        if len(parts) > PROJECT_PART and parts[PROJECT_PART - 1] == "project":
            return str(parts[PROJECT_PART])
        named = request.header(b"projectid")
        key = request.header(b"authorization")
        if named is None and key is not None and parts[1:3] == ["v4", "interact"]:
            return self._house.keys.read(bare(key)).project
        return named


def _origin(scope: Scope) -> bytes | None:
    if scope["type"] != "http":
        return None
    for name, value in scope["headers"]:
        if name == b"origin":
            origin: bytes = value
            return origin
    return None


def _preflight(request: Request) -> Headers:
    headers: Headers = [(b"access-control-allow-methods", METHODS), (b"access-control-max-age", PREFLIGHT_SECONDS)]
    asked = request.header(b"access-control-request-headers")
    if asked is not None:
        headers.append((b"access-control-allow-headers", asked.encode("latin-1")))
    return headers
