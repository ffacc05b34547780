"""An echo server on the socket layer: what the official protocol suites and the bench talk to.

`python -m bench.socket_echo --port 3000` speaks Socket.IO as the Socket.IO suite expects; `--engine` echoes bare
Engine.IO messages; `--triple` answers each event with three.
"""

import argparse
import asyncio
import gc
from typing import Any

import uvicorn

from parley.transports.engineio.door import EngineDoor
from parley.transports.engineio.link import EngineLink
from parley.transports.engineio.protocol import Binary, Reason, Timing
from parley.transports.engineio.settings import SocketSettings
from parley.transports.socketio.connection import Ack, SocketConnection
from parley.transports.socketio.door import SocketDoor

DIRECT = "parley.transports.engineio.direct_websocket:DirectWebSocketProtocol"


class SocketEcho:
    """Answers as the Socket.IO protocol suite asks its server to."""

    def connected(self, connection: SocketConnection) -> None:
        connection.emit("auth", connection.auth)

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None:
        if event == "message":
            connection.emit("message-back", *args)
        elif event == "message-with-ack" and ack is not None:
            ack(*args)
        elif event == "ask-me":
            connection.ask("question", *args, on_ack=lambda answer: connection.emit("answered", *answer))
        elif event == "throw-me-out":
            connection.disconnect()
        elif event == "drop-me":
            connection.cut(Reason.TRANSPORT_CLOSE)

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        pass


class TripleEcho:
    """One event in, three out: the bench's exchange."""

    def connected(self, connection: SocketConnection) -> None:
        pass

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None:
        connection.emit("action.status", {"status": "accepted", "messageID": "m"})
        connection.emit("action.trace", {"trace": {"type": "text", "payload": args[0]}, "messageID": "m"})
        connection.emit("action.status", {"status": "completed", "messageID": "m"})

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        pass


class EngineEcho:
    """Sends every Engine.IO message back."""

    def opened(self, link: EngineLink) -> None:
        pass

    def message(self, link: EngineLink, data: str | bytes) -> None:
        link.send(b"4" + data.encode() if isinstance(data, str) else Binary(data))

    def ended(self, link: EngineLink, reason: Reason) -> None:
        pass


async def tidy_memory() -> None:
    """After start: what lives for ever is no business of the collector, and it runs seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


def door(options: argparse.Namespace) -> EngineDoor:
    settings = SocketSettings(
        path=options.path,
        namespaces=frozenset({"/", "/custom"}),
        timing=Timing(options.ping_interval / 1000, options.ping_timeout / 1000),
    )
    if options.engine:
        return EngineDoor(EngineEcho(), settings)
    return SocketDoor(TripleEcho() if options.triple else SocketEcho(), settings)


async def serve(options: argparse.Namespace) -> None:
    config = uvicorn.Config(
        door(options),
        port=options.port,
        ws=options.ws,
        http="httptools",
        log_level="warning",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
    server = uvicorn.Server(config)
    await tidy_memory()
    await server.serve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--path", default=None, help="serve this path only (default: every path)")
    parser.add_argument("--ping-interval", type=int, default=300, help="milliseconds")
    parser.add_argument("--ping-timeout", type=int, default=200, help="milliseconds")
    parser.add_argument("--engine", action="store_true", help="bare Engine.IO")
    parser.add_argument("--triple", action="store_true", help="three events for each one")
    parser.add_argument("--ws", default=DIRECT, help="uvicorn's WebSocket protocol")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(options))


def _loop_factory() -> Any:
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
