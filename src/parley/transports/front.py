"""The front of the house: every door under one address."""

from __future__ import annotations

from starlette.types import ASGIApp

from parley.console.page import page_routes
from parley.session.house import House
from parley.transports.http.app import http_app


def front(house: House, rate_per_minute: int | None = None) -> ASGIApp:
    """The one ASGI application that a server runs."""
    return http_app(house, extra=page_routes(house), rate_per_minute=rate_per_minute)
