"""A socket door on a free port in this process, an application that remembers, and a raw WebSocket peer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from parley.transports.engineio.websocket_frames import read_close
from parley.transports.socketio.connection import Ack, SocketConnection

DIRECT = "parley.transports.engineio.direct_websocket:DirectWebSocketProtocol"
PLAIN = "websockets-sansio"


class EchoApp:
    """Echoes, answers, asks, and throws out on request; remembers who came and why they went."""

    def __init__(self) -> None:
        self.connections: list[SocketConnection] = []
        self.events: list[tuple[str, list[Any]]] = []
        self.reasons: list[str] = []
        self._changed = asyncio.Event()

    def connected(self, connection: SocketConnection) -> None:
        self.connections.append(connection)
        connection.emit("auth", connection.auth)
        self._changed.set()

    def received(self, connection: SocketConnection, event: str, args: list[Any], ack: Ack | None) -> None:
        self.events.append((event, args))
        if event == "fail":
            raise ValueError("the application is broken")
        if event == "throw-me-out":
            connection.disconnect()
        elif event == "drop-me":
            connection.cut()
        elif event == "ask-me":
            connection.ask("question", *args, on_ack=lambda answer: connection.emit("answered", *answer))
        elif ack is not None:
            ack(*args)
        else:
            connection.emit(f"{event}-back", *args)
        self._changed.set()

    def disconnected(self, connection: SocketConnection, reason: str) -> None:
        self.reasons.append(reason)
        self._changed.set()

    async def until(self, condition: Any) -> None:
        """Return once `condition()` holds; the test's deadline bounds the wait."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def serving(app: Any, ws: str = DIRECT) -> AsyncIterator[int]:
    """Serve an ASGI application; yields the port."""
    config = uvicorn.Config(app, ws=ws, log_level="critical", ws_ping_interval=None, ws_per_message_deflate=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await server.startup(sockets=[listener])
    try:
        yield listener.getsockname()[1]
    finally:
        if hasattr(app, "shut"):
            app.shut()
        server.force_exit = True
        await server.shutdown(sockets=[listener])


class RawPeer:
    """A WebSocket client that does only what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(
        cls,
        port: int,
        path: str = "/v4/interact/socket/",
        query: str = "EIO=4&transport=websocket",
        small: bool = False,
    ) -> "RawPeer":
        raw = socket.socket()
        if small:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
        writer.write(
            f"GET {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        peer = cls(reader, writer)
        peer.status = int((await reader.readuntil(b"\r\n\r\n")).split()[1])
        return peer

    status = 0

    def send(self, packet: str | bytes, opcode: int | None = None) -> None:
        payload = packet.encode() if isinstance(packet, str) else packet
        opcode = opcode if opcode is not None else 1 if isinstance(packet, str) else 2
        size = len(payload)
        head = bytes((0x80 | opcode,))
        if size < 126:
            head += bytes((0x80 | size,))
        elif size < 1 << 16:
            head += b"\xfe" + size.to_bytes(2, "big")
        else:
            head += b"\xff" + size.to_bytes(8, "big")
        self.send_raw(head + b"\0\0\0\0" + payload)

    def send_raw(self, data: bytes) -> None:
        self.writer.write(data)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload."""
        first, second = await self.reader.readexactly(2)
        size = second
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0x0F, await self.reader.readexactly(size)

    async def text(self) -> str:
        """The next text packet."""
        opcode, payload = await self.frame()
        assert opcode == 1, (opcode, payload)
        return payload.decode()

    async def closed(self) -> tuple[int, str]:
        """Read on until the close frame; its code and reason."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 8:
                self.send(payload, opcode=8)
                return read_close(payload)

    async def join(self) -> None:
        """Take the handshake and join the default namespace, up to the echo application's first event."""
        assert (await self.text())[:1] == "0"
        self.send("40")
        assert (await self.text())[:2] == "40"
        assert (await self.text())[:9] == '42["auth"'

    def close(self) -> None:
        self.writer.transport.abort()
