"""A small socket.io client that remembers everything it hears, and a server with agents to talk to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.house_fixture import PROJECT, Opened, open_house
from tests.transports.socket_server import DIRECT, RawPeer, serving

from parley.transports.front import Front

Heard = tuple[str, Any]
DEADLINE = 10.0


class Talker:
    """One connection. `heard` is every event so far; `next` waits for one that has not been asked for yet."""

    def __init__(self, peer: RawPeer) -> None:
        self.peer = peer
        self.heard: list[Heard] = []
        self.is_closed = False
        self.close_code: int | None = None
        self.acks: list[int] = []
        self._asked = 0
        self._changed = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int) -> Self:
        """Join the default namespace over a WebSocket."""
        talker = cls(await RawPeer.connect(port))
        await talker.peer.text()
        talker.peer.send("40")
        assert (await talker.peer.text()).startswith("40")
        talker._reading = asyncio.create_task(talker._read())
        return talker

    async def _read(self) -> None:
        try:
            while True:
                opcode, payload = await self.peer.frame()
                if opcode == 8:
                    self.close_code = int.from_bytes(payload[:2], "big")
                    break
                packet = payload.decode()
                if packet == "2":
                    self.peer.send("3")
                elif packet.startswith("42"):
                    event, *args = json.loads(packet[2:])
                    self.heard.append((event, args[0] if args else None))
                elif packet.startswith("43"):
                    self.acks.append(int(packet[2:].split("[")[0]))
                self._changed.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.is_closed = True
        self._changed.set()

    def emit(self, event: str, *args: Any, ack: int | None = None) -> None:
        """Send an event."""
        self.peer.send(f"42{'' if ack is None else ack}{json.dumps([event, *args])}")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once this holds."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                assert not self.is_closed, (self.close_code, self.heard)
                self._changed.clear()
                await self._changed.wait()

    async def next(self, event: str) -> Any:
        """The payload of the next such event after those that were asked for."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = [n for n in range(self._asked, len(self.heard)) if self.heard[n][0] == event]
            return bool(found)

        await self.until(is_there)
        self._asked = found[0] + 1
        return self.heard[found[0]][1]

    async def closed(self) -> int | None:
        """The close code, once the server has closed."""
        async with asyncio.timeout(DEADLINE):
            while not self.is_closed:
                self._changed.clear()
                await self._changed.wait()
        return self.close_code

    async def quiet(self) -> list[Heard]:
        """Everything heard, once the server has taken everything that was sent before; `next` goes on from here."""
        before = len(self.acks)
        self.emit("nothing-of-the-kind", ack=77)
        await self.until(lambda: len(self.acks) > before)
        self._asked = len(self.heard)
        return self.heard

    def stop_reading(self) -> None:
        """Be there, and read nothing."""
        if self._reading is not None:
            self._reading.cancel()
        self.peer.writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def closed_unread(self) -> None:
        """Return once the server has closed; what it wrote before is thrown away."""
        self.peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(DEADLINE):
                while await self.peer.reader.read(1 << 16):
                    pass

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._reading is not None:
            self._reading.cancel()
        self.peer.close()


class Documented(Talker):
    """A client of dialect A."""

    key = ""
    project = PROJECT

    async def start(self, user: str = "ada", key: str | None = None, **more: Any) -> dict[str, Any]:
        """Shake hands; make a session where one is asked for. Returns `client.started`."""
        wire = {"userID": user, "projectID": self.project, "sessionKey": key, **more}
        self.emit("client.start", wire)
        started: dict[str, Any] = await self.next("client.started")
        self.key = key or ""
        if started["newSessionRequired"] and key is None:
            self.emit("session.create", {})
            self.key = (await self.next("session.created"))["sessionKey"]
        return started

    def send(self, action: Any, **more: Any) -> None:
        """Send an action."""
        self.emit("action.send", {"action": action, **more})

    def say(self, text: str, **more: Any) -> None:
        """Send a text."""
        self.send({"type": "text", "payload": text}, **more)

    async def status(self, status: str) -> dict[str, Any]:
        """The next `action.status` of this kind."""
        while True:
            payload: dict[str, Any] = await self.next("action.status")
            if payload["status"] == status:
                return payload

    async def ask(self, text: str, **more: Any) -> list[str]:
        """Say something, and what is answered."""
        before = self._asked = len(self.heard)
        self.say(text, **more)
        await self.status("completed")
        return texts(self.heard[before:])

    @property
    def numbered(self) -> list[tuple[int, int]]:
        """The places of everything that has one, in the order in which it came."""
        return [
            (payload["epoch"], payload["offset"])
            for event, payload in self.heard
            if event in ("action.trace", "action.status", "session.ended") and "offset" in payload
        ]


class WidgetTalker(Talker):
    """A client of dialect B."""

    key = ""
    project = PROJECT

    async def start(self, user: str = "ada", key: str | None = None, **more: Any) -> dict[str, Any]:
        """Shake hands; ask for a key where one is needed. Returns the server's `start`."""
        wire: dict[str, Any] = {
            "userID": user,
            "projectID": self.project,
            "config": {"completionEvents": False},
            **more,
        }
        if key is not None:
            wire["sessionKey"] = key
        self.emit("start", wire)
        started: dict[str, Any] = await self.next("start")
        self.key = key or ""
        if started["newSessionRequired"] and key is None:
            self.emit("session-key-update")
            self.key = (await self.next("session-key-update"))["sessionKey"]
        return started

    def say(self, text: str) -> None:
        """Send a text."""
        self.emit("action", {"action": {"type": "text", "payload": text}})

    async def status(self, status: str) -> dict[str, Any]:
        """The next `action` of this status."""
        while True:
            payload: dict[str, Any] = await self.next("action")
            if payload["status"] == status:
                return payload

    async def ask(self, text: str) -> list[str]:
        """Say something, and what is answered."""
        before = self._asked = len(self.heard)
        self.say(text)
        await self.status("completed")
        return texts(self.heard[before:])


def traces(heard: list[Heard]) -> list[dict[str, Any]]:
    """The traces among these events."""
    return [payload["trace"] for event, payload in heard if event in ("action.trace", "trace")]


def texts(heard: list[Heard]) -> list[str]:
    """What is said in these events."""
    return [trace["payload"]["message"] for trace in traces(heard) if trace["type"] == "text"]


@dataclass
class Place:
    """A server and its house."""

    opened: Opened
    port: int
    front: Front


@asynccontextmanager
async def a_place(*projects: Any, ws: str = DIRECT, **options: Any) -> AsyncIterator[Place]:
    """A house behind a real server in this process."""
    opened = await open_house(*projects, **options)
    front = Front(opened.house)
    async with serving(front, ws) as port:
        yield Place(opened, port, front)
