"""The front of the house: every door under one address, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from parley.console.page import page_routes
from parley.session.house import House
from parley.transports.http.app import http_app
from parley.transports.http.app import routes as table
from parley.transports.openapi import document
from parley.transports.platform.door import platform_app
from parley.transports.socket.reception import Reception
from parley.transports.socketio.door import SocketDoor
from parley.workspaces.estate import Estate

_encode = msgspec.json.Encoder().encode


class Front:
    """The one ASGI application that a server runs."""

    def __init__(
        self,
        house: House,
        *,
        rate_per_minute: int | None = None,
        extra: Sequence[BaseRoute] = (),
        estate: Estate | None = None,
    ) -> None:
        self._house = house
        self._estate = estate
        self._reception = Reception(house)
        platform = None if estate is None else platform_app(estate, house.body_limit)

        @cache
        def described() -> bytes:
            return _encode(document(None if platform is None else platform.document(), table(house, estate)))

        async def describe(request: Request) -> Response:
            """`GET /openapi.json`"""
            return Response(await asyncio.to_thread(described), media_type="application/json")

        routes = [*extra, *page_routes(house), Route("/openapi.json", describe)]
        http = http_app(house, extra=routes, rate_per_minute=rate_per_minute, platform=platform, estate=estate)
        self._door = SocketDoor(self._reception, otherwise=http)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        await self._door(scope, receive, send)

    async def drain(self, seconds: float) -> None:
        """Finish running turns for at most `seconds`, then hand back the rest and send every client elsewhere."""
        self._reception.close()
        await self._house.directory.drain(seconds)
        await self._reception.restart()
        if self._estate is not None:
            self._estate.events.close()
        self._door.shut()
