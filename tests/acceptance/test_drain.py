"""SIGTERM to a real server under load: nothing that was accepted is lost, and nobody is answered twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.transports.talker import Documented, traces

TALKERS = 60
HANDED_BACK = 10


@asynccontextmanager
async def a_server(data: Path, drain: float, most: float) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A server process and its port."""
    command = [sys.executable, "-m", "tests.acceptance.slow_server", "0", str(data), str(drain), str(most)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert line.startswith("ready"), (await process.communicate())[1].decode()
        yield process, int(line.split()[1])
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await asyncio.wait_for(process.communicate(), 30)
        assert "Traceback" not in errors.decode(), errors.decode()


class Client:
    """Follows the rules of the documentation: comes back with its key, and sends again what it is given."""

    def __init__(self, number: int) -> None:
        self.user = f"user-{number}"
        self.is_slow = number < HANDED_BACK
        self.is_named = number % 2 == 0
        self.knows_offsets = number % 3 != 0
        self.sent: list[str] = []
        self.answers: list[str] = []
        self.counts: list[int] = []
        self.handed: dict[str, Any] | None = None
        self.refused: list[str] = []
        self.talker: Documented | None = None

    async def talk(self, port: int, begun: asyncio.Event) -> None:
        """Talk until the server goes."""
        talker = self.talker = await Documented.connect(port)
        talker.project = "minimal"
        started = await talker.start(self.user)
        assert started["newSessionRequired"] is True
        try:
            for n in range(1_000):
                seconds = 60 if self.is_slow and n == 2 else 0.02
                self._send(talker, f"{seconds} {self.user}/{n}")
                await talker.status("completed")
        except AssertionError:
            assert talker.is_closed and talker.close_code == 1012, talker.close_code
        restarts = [payload for event, payload in talker.heard if event == "server.restart"]
        assert len(restarts) == 1, talker.heard[-3:]
        self.handed = restarts[0]

    def _send(self, talker: Documented, text: str) -> None:
        self.sent.append(text)
        talker.say(text, **({"messageID": text} if self.is_named else {}))

    async def come_back(self, port: int) -> None:
        """Get what is still owed."""
        assert self.talker is not None and self.handed is not None
        self._note(self.talker)
        back = await Documented.connect(port)
        back.project = "minimal"
        epoch, offset = self.talker.numbered[-1]
        place = {"lastEpoch": epoch, "lastOffset": offset} if self.knows_offsets else {}
        started = await back.start(self.user, key=self.talker.key, **place)
        assert started["newSessionRequired"] is False and "gap" not in started, started
        if "action" in self.handed:
            back.emit("action.send", self.handed)
            await back.status("completed")
        back.say("0 last")
        await back.until(lambda: "0 last" in str(traces(back.heard)[-1:]))
        self._note(back)
        self.sent.append("0 last")
        back.cut()

    def _note(self, talker: Documented) -> None:
        for trace in traces(talker.heard):
            self.answers.append(trace["payload"][0])
            self.counts.append(trace["payload"][1])


async def test_every_action_is_answered_exactly_once_across_a_drain(tmp_path: Path) -> None:
    data = tmp_path / "drain.db"
    clients = [Client(n) for n in range(TALKERS)]
    async with a_server(data, drain=0.5, most=60) as (process, port):
        talking = [asyncio.create_task(client.talk(port, asyncio.Event())) for client in clients]
        async with asyncio.timeout(20):
            while not all(len(client.sent) > 3 or (client.is_slow and len(client.sent) == 3) for client in clients):
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        await asyncio.gather(*talking)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    handed = [client for client in clients if client.handed]
    assert all(client in handed for client in clients[:HANDED_BACK])
    async with a_server(data, drain=0.5, most=0) as (_, port):
        await asyncio.gather(*(client.come_back(port) for client in clients))
    for client in clients:
        assert client.answers == client.sent, (client.user, client.handed)
        assert client.counts == list(range(1, len(client.sent) + 1)), client.user
    print(f"{sum(len(client.sent) for client in clients)} actions of {TALKERS} clients, {len(handed)} handed back")


async def test_an_idle_server_goes_at_once(tmp_path: Path) -> None:
    async with a_server(tmp_path / "idle.db", drain=5, most=0) as (process, port):
        ada = await Documented.connect(port)
        ada.project = "minimal"
        await ada.start()
        process.send_signal(signal.SIGTERM)
        assert await ada.next("server.restart") == {}
        assert await asyncio.wait_for(process.wait(), 4) == 0
