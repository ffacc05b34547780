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
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from parley.app import open_house
from parley.cli.serve import Server, _listen, _loop_factory, _settle_memory
from parley.config import Settings
from parley.transports.front import Front

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        message = await receive()
        body: bytes = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        interact = self._decode(body)
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
        answer = self._encode({"traces": [trace, trace, trace]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


async def main(port: int, data: str) -> None:
    """Serve until the parent goes."""
    listening = _listen("127.0.0.1", port)
    settings = Settings(paths=(Path("examples/support_desk"),), data=data, api_key=KEY)
    async with open_house(settings) as opened:
        bare = Route("/bench/bare", Bare(), methods=["POST"])
        server = Server(Front(opened.house, extra=[bare]), 5.0)
        _settle_memory()
        print(f"ready {listening.getsockname()[1]}", flush=True)
        await server.serve(sockets=[listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
