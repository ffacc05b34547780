"""The server that is measured: Parley with one bare route beside it, in a process of its own.

The bare route runs on the same server and routing, decodes the same body and encodes the same answer: what is left
when the turn is taken away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from parley.app import open_house
from parley.cli.serve import Server, _listen, _loop_factory, _settle_memory
from parley.config import Settings
from parley.domain.actions import parse_action
from parley.domain.ids import UserID
from parley.session.handle import Post
from parley.session.house import House
from parley.transports.front import Front
from parley.transports.http import app as http
from parley.transports.http.app import routes
from parley.transports.http.reply import reply_encoded
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes
from parley.transports.http.turn_routes import wrapped
from parley.workspaces.estate import Estate

KEY = "bench-key"
ACTIONS: tuple[dict[str, Any], ...] = (
    {"type": "launch"},
    {"type": "text", "payload": "Ada"},
    {"type": "text", "payload": "track my order"},
)


class Interact(msgspec.Struct):
    """The body of an interact request."""

    action: dict[str, Any]
    variables: dict[str, Any] = {}
    config: dict[str, Any] = {}


class Bare:
    """Decodes the body, encodes the very answer that the turn gives to it."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self._decode = msgspec.json.Decoder(Interact).decode
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, request: Request) -> None:
        """One request."""
        interact = self._decode(await request.body(1024 * 1024))
        answer = self._answers[str(interact.action.get("payload", ""))]
        await reply_encoded(request, self._encode(answer))


async def answers_of(house: House) -> dict[str, Any]:
    """What the agent answers to each of the actions that are sent, by the action's payload."""
    project = next(iter(house.catalog.projects()))
    session = await house.directory.create(project.id, UserID("bench"), project.environments[0])
    answers = {}
    for action in ACTIONS:
        said = await (await session.post(Post(parse_action(action)))).whole()
        answers[str(action.get("payload", ""))] = msgspec.json.decode(wrapped(said))
    return answers


def routes_with(bare: Bare) -> Callable[[House, Estate | None], Routes]:
    """Parley's own table with the bare route in it, so that both are found the same way."""

    def table_of(house: House, estate: Estate | None = None) -> Routes:
        table = routes(house, estate)
        table.add("/bench/bare", {"POST": bare})
        return table

    return table_of


async def main(port: int, data: str) -> None:
    """Serve until the parent goes."""
    listening = _listen("127.0.0.1", port)
    settings = Settings(paths=(Path("examples/support_desk"),), data=data, api_key=KEY)
    async with open_house(settings) as opened:
        http.routes = routes_with(Bare(await answers_of(opened.house)))
        port = listening.getsockname()[1]
        server = Server(Front(opened.house), 5.0, lambda: print(f"ready {port}", flush=True))
        _settle_memory()
        await server.serve(sockets=[listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
