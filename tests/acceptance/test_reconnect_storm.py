"""Five hundred sessions through a wire that is cut again and again, at any byte, in either direction.

Answers stream while connections break. Every client comes back with `lastOffset` and `lastEpoch`, sends again under
its old name what was not accepted, and in the end has heard everything once and in order.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
from pathlib import Path
from typing import Any

from tests.house_fixture import PROJECT, open_house
from tests.transports.socket_server import DIRECT, serving

from parley.backends.clock import SystemClock
from parley.backends.store.sqlite import SqliteStore
from parley.domain.traces import CustomTrace
from parley.engine.turn import Turn
from parley.transports.front import Front

SESSIONS = 500
CUTS = 20
TRACES = 12
MOST_BYTES = 4_000
"""A connection lives for up to so many bytes in both directions together."""


async def chatty(turn: Turn) -> None:
    """Says many small things, with a wait after each few."""
    said = int(turn.variables.get("said", 0) or 0)
    for n in range(TRACES):
        turn.emit(CustomTrace("said", said + n))
        if n % 3 == 2:
            await asyncio.sleep(0.001)
    turn.variables.set("said", said + TRACES)


class Cutter:
    """A TCP proxy that lets a connection live for a random number of bytes, then resets it in their middle."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port = port
        self._chance = chance
        self.cuts = 0
        self.is_calm = False

    async def carry(self, near: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        far, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        left = [10**12 if self.is_calm else self._chance.randrange(1, MOST_BYTES)]

        async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while left[0] > 0 and (data := await reader.read(65536)):
                writer.write(data[: left[0]])
                left[0] -= len(data)

        copying = [asyncio.create_task(copy(near, far_writer)), asyncio.create_task(copy(far, near_writer))]
        try:
            await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cuts += left[0] <= 0
            for task in copying:
                task.cancel()
            near_writer.close()
            far_writer.close()


class Client:
    """Follows the rules of docs/explanation/coming-back.md."""

    def __init__(self, user: str, port: int, key: str) -> None:
        self.user, self.port, self.key = user, port, key
        self.last = (1, 0)
        self.said: list[int] = []
        self.completed: list[str] = []
        self.cuts = self.lost = self.repeated = self.reordered = self.gaps = 0
        self._turn = 0

    async def live(self) -> None:
        """Talk until the connection has been cut often enough."""
        while self.cuts < CUTS:
            writer = None
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                await self._talk(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                self.cuts += 1
            finally:
                if writer is not None:
                    writer.close()

    async def finish(self, port: int) -> None:
        """Come back once more over a wire that holds, and get the last answer whole."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(30):
                await self._talk(reader, writer, is_last=True)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_last: bool = False) -> None:
        writer.write(
            b"GET /v4/interact/socket/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        await _packet(reader)
        writer.write(_frame("40"))
        await _packet(reader)
        epoch, offset = self.last
        start = {"userID": self.user, "projectID": PROJECT, "sessionKey": self.key}
        _emit(writer, "client.start", start | {"lastEpoch": epoch, "lastOffset": offset})
        while True:
            packet = await _packet(reader)
            if packet == "2":
                writer.write(_frame("3"))
            elif packet.startswith("42"):
                event, payload = json.loads(packet[2:])
                assert event in ("client.started", "action.status", "action.trace"), (event, payload)
                if event == "client.started":
                    assert payload["newSessionRequired"] is False
                    self.gaps += "gap" in payload
                    self._send(writer)
                else:
                    self._hear(event, payload)
                if len(self.completed) > self._turn:
                    self._turn = len(self.completed)
                    if is_last:
                        return
                    self._send(writer)

    def _send(self, writer: asyncio.StreamWriter) -> None:
        """The action that is not known to be completed: under the same name it is only ever performed once."""
        name = f"turn-{self._turn}"
        _emit(writer, "action.send", {"action": {"type": "text", "payload": name}, "messageID": name})

    def _hear(self, event: str, payload: dict[str, Any]) -> None:
        if "offset" not in payload:
            assert payload["status"] == "accepted" or payload.get("repeated"), payload
            return
        place = (payload["epoch"], payload["offset"])
        self.repeated += place == self.last
        self.reordered += place < self.last
        self.lost += max(0, place[1] - self.last[1] - 1)
        self.last = place
        if event == "action.trace":
            self.said.append(payload["trace"]["payload"])
        else:
            self.completed.append(payload["messageID"])


def _emit(writer: asyncio.StreamWriter, event: str, payload: Any) -> None:
    writer.write(_frame("42" + json.dumps([event, payload])))


def _frame(packet: str) -> bytes:
    data = packet.encode()
    if len(data) < 126:
        return bytes((0x81, 0x80 | len(data))) + b"\0\0\0\0" + data
    return b"\x81\xfe" + len(data).to_bytes(2, "big") + b"\0\0\0\0" + data


async def _packet(reader: asyncio.StreamReader) -> str:
    first, size = await reader.readexactly(2)
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    data = await reader.readexactly(size)
    if first & 0x0F == 8:
        raise ConnectionResetError(data)
    return data.decode()


async def test_nothing_is_lost_repeated_or_reordered(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    store = SqliteStore(tmp_path / "storm.db", clock=SystemClock())
    await store.open()
    opened = await open_house(store=store, engine=chatty)
    directory, environment = opened.house.directory, opened.house.catalog.projects()
    (project,) = environment
    async with serving(Front(opened.house), DIRECT) as port:
        cutter = Cutter(port, random.Random(seed))
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        proxy = await asyncio.start_server(cutter.carry, sock=listening)
        clients = []
        for n in range(SESSIONS):
            session = await directory.create(project.id, f"user-{n}", project.environments[0])  # type: ignore[arg-type]
            key = opened.house.keys.issue(session.state())
            clients.append(Client(f"user-{n}", listening.getsockname()[1], key))
        await asyncio.gather(*(client.live() for client in clients))
        await asyncio.gather(*(client.finish(port) for client in clients))
        proxy.close()
        await directory.drain(5)
    await store.close()
    turns = sum(len(client.completed) for client in clients)
    heard = sum(len(client.said) for client in clients)
    lost, repeated, reordered, gaps = (
        sum(getattr(client, name) for client in clients) for name in ("lost", "repeated", "reordered", "gaps")
    )
    print(f"{SESSIONS} sessions, {cutter.cuts} cuts, {turns} turns, {heard} traces heard")
    print(f"lost {lost}, repeated {repeated}, reordered {reordered}, gaps {gaps}")
    assert cutter.cuts >= SESSIONS * CUTS * 0.95
    for client in clients:
        assert client.said == list(range(len(client.said))), client.user
        assert client.completed == [f"turn-{n}" for n in range(len(client.completed))], client.user
    assert (lost, repeated, reordered, gaps) == (0, 0, 0, 0)
    assert turns >= SESSIONS
