"""A server process under measurement: started, filled with sessions, looked at, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.http_client import Connection, request
from bench.server import KEY


class Measured:
    """A running server. Memory figures are resident kilobytes."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def memory_kb(self) -> int:
        """Resident memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        raise RuntimeError("no VmRSS line")

    async def session_key(self, connection: Connection, user: str) -> str:
        """A fresh session of this user."""
        body = json.dumps({"userID": user}).encode()
        reply = await connection.send(request("POST", "/v4/project/support_desk/session", KEY, body))
        key: str = json.loads(reply.body)["sessionKey"]
        return key

    async def session_keys(self, count: int, prefix: str) -> list[str]:
        """Fresh sessions of many users, over eight connections."""
        connections = [await Connection.open(self.port) for _ in range(8)]
        keys: list[str] = []

        async def make(connection: Connection, numbers: range) -> None:
            for n in numbers:
                keys.append(await self.session_key(connection, f"{prefix}-{n}"))

        await asyncio.gather(*(make(c, range(i, count, 8)) for i, c in enumerate(connections)))
        for connection in connections:
            connection.close()
        return keys


@contextmanager
def measured(data: str) -> Iterator[Measured]:
    """Start a server on a free port; stop it afterwards. It has the first core, the load the second."""
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    command = [sys.executable, "-m", "bench.server", "0", data]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        os.sched_setaffinity(process.pid, {0})
        line = process.stdout.readline()
        if not line.startswith("ready"):
            raise RuntimeError("the server did not start")
        yield Measured(process, int(line.split()[1]))
    finally:
        process.terminate()
        process.wait(20)
