"""The server that is measured: Parley with one bare route beside it, in a process of its own.

The bare route runs on the same server and routing, reads the same body, decodes it, and encodes an answer of the
same shape and size: what is left when a turn is taken away.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from parley.app import open_house
from parley.cli.serve import Server, _listen, _loop_factory, _settle_memory
from parley.config import Settings
from parley.session.house import House
from parley.transports.front import Front
from parley.transports.http import app as http
from parley.transports.http.app import routes
from parley.transports.http.reply import reply_encoded
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes

KEY = "bench-key"


class Interact(msgspec.Struct):
    """The body of an interact request."""

    action: dict[str, Any]
    variables: dict[str, Any] = {}
    config: dict[str, Any] = {}


class Bare:
    """Decodes the body, encodes an answer."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Interact).decode
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, request: Request) -> None:
        """One request."""
        interact = self._decode(await request.body(1024 * 1024))
        text = str(interact.action.get("payload", "hello"))
        trace = {
            "type": "text",
            "payload": {
                "slate": {"id": "abcdefgh", "content": [{"children": [{"text": text}]}]},
                "message": text,
                "messageID": "0123456789abcdef01234567",
                "delay": 1000,
            },
            "time": 1_700_000_000_000,
            "turnID": "0123456789abcdef01234567",
        }
        await reply_encoded(request, self._encode({"traces": [trace, trace, trace]}))


def routes_with_bare(house: House) -> Routes:
    """Parley's own table with the bare route in it, so that both are found the same way."""
    table = routes(house)
    table.add("/bench/bare", {"POST": Bare()})
    return table


async def main(port: int, data: str) -> None:
    """Serve until the parent goes."""
    listening = _listen("127.0.0.1", port)
    settings = Settings(paths=(Path("examples/support_desk"),), data=data, api_key=KEY)
    async with open_house(settings) as opened:
        http.routes = routes_with_bare
        port = listening.getsockname()[1]
        server = Server(Front(opened.house), 5.0, lambda: print(f"ready {port}", flush=True))
        _settle_memory()
        await server.serve(sockets=[listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
