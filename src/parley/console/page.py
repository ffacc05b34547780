"""The pages for developers, to chat and about the API: static files, and the list of agents that one can talk to.

The page talks to agents through the public API alone. The list tells ids, names and environments, and no more:
whoever may open the page may know what is served, and needs a key to talk to it.
"""

from __future__ import annotations

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from parley.session.house import House

SCRIPT = "text/javascript; charset=utf-8"
ASSETS = {
    "chat.css": "text/css; charset=utf-8",
    "chat.js": SCRIPT,
    "stream.js": SCRIPT,
    "show.js": SCRIPT,
    "work.js": SCRIPT,
    "inspector.js": SCRIPT,
    "api.css": "text/css; charset=utf-8",
    "api.js": SCRIPT,
    "operation.js": SCRIPT,
    "schema.js": SCRIPT,
}
# Pictures and recordings are wherever the agent's author keeps them; everything else is this server's.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http: data:; media-src 'self' https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes(house: House) -> list[Route]:
    """The page at `/`, what it loads under `/console/`, and the list of projects."""

    async def projects(request: Request) -> Response:
        served = [
            {"id": p.id, "name": p.name, "environments": [e.alias for e in p.environments]}
            for p in house.catalog.projects()
        ]
        return JSONResponse({"projects": served}, headers=HEADERS)

    return [
        _file("/", "chat.html", "text/html; charset=utf-8"),
        _file("/docs", "api.html", "text/html; charset=utf-8"),
        *(_file(f"/console/{name}", name, media_type) for name, media_type in ASSETS.items()),
        Route("/console/projects", projects, methods=["GET"]),
    ]


def _file(path: str, name: str, media_type: str) -> Route:
    content = files("parley.console").joinpath(name).read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return Route(path, serve, methods=["GET"])
