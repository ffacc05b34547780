"""Is this process alive, and can it take work?"""

from __future__ import annotations

from parley.errors import Draining
from parley.session.house import House
from parley.transports.http.reply import reply_json
from parley.transports.http.request import Request


class HealthRoutes:
    """Endpoints for load balancers and orchestrators: no key, no rate limit."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def health(self, request: Request) -> None:
        """`GET /health`: the process answers."""
        await reply_json(request, {"status": "ok"})

    async def ready(self, request: Request) -> None:
        """`GET /ready`: a turn would be saved now. 503 with the reason otherwise."""
        if self._house.directory.is_draining:
            raise Draining("This server is shutting down.")
        await self._house.probe.check()
        await reply_json(request, {"status": "ready"})
