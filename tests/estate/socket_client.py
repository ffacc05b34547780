"""Clients of the platform door's WebSockets, on a real server in this process with both of its protocols."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.transports.socket_server import DIRECT, PLAIN, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from estate_fixture import Ground

PROTOCOLS = (DIRECT, PLAIN)
Frame = dict[str, Any]


class Peer:
    """One client."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.sound = b""

    async def send(self, type: str, **fields: Any) -> None:
        """Send a frame."""
        await self.connection.send(json.dumps({"type": type, **fields}))

    async def next(self) -> Frame:
        """The next frame that is no sound."""
        while isinstance(received := await self.connection.recv(), bytes):
            self.sound += received
        return dict(json.loads(received))

    async def until(self, type: str, is_it: Callable[[Frame], Any] = lambda frame: True) -> list[Frame]:
        """The frames up to the next one of this type."""
        found = [await self.next()]
        while found[-1]["type"] != type or not is_it(found[-1]):
            found.append(await self.next())
        return found

    async def the(self, type: str, is_it: Callable[[Frame], Any] = lambda frame: True) -> Frame:
        """The next frame of this type."""
        return (await self.until(type, is_it))[-1]

    async def rest(self) -> list[Frame]:
        """The frames until the server closes."""
        found = []
        try:
            while True:
                found.append(await self.next())
        except ConnectionClosed:
            return found

    async def closed(self) -> int | None:
        """The code that the server closes with; what comes before it is thrown away."""
        await self.rest()
        return self.connection.close_code


class Doors:
    """Where the sockets of a ground are."""

    def __init__(self, ground: Ground, port: int) -> None:
        self.ground = ground
        self.port = port

    @asynccontextmanager
    async def open(
        self, path: str, key: str | None = "member", *, offered: list[str] | None = None, **query: object
    ) -> AsyncIterator[Peer]:
        """A client of this path. `key` is a role, or a key; None: none is offered."""
        plain = self.ground.keys.get(key, key) if key is not None else None  # type: ignore[call-overload]
        subprotocols = offered if offered is not None else [] if plain is None else ["auth", plain]
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        url = f"ws://127.0.0.1:{self.port}{path}?{asked}"
        async with connect(url, subprotocols=[Subprotocol(each) for each in subprotocols] or None) as connection:
            yield Peer(connection)

    async def code(self, path: str, key: str | None = "member", **more: Any) -> int | None:
        """The code that a client is turned away with."""
        async with self.open(path, key, **more) as peer:
            return await peer.closed()

    async def service(self) -> str:
        """The id of the one service."""
        return str((await self.ground.estate.services.of(self.ground.ours))[0].id)


@asynccontextmanager
async def open_doors(ground: Ground, protocol: str = DIRECT) -> AsyncIterator[Doors]:
    """The sockets of a ground on a free port."""
    async with serving(ground.front, protocol) as port:
        yield Doors(ground, port)
