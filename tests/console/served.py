"""A server in a process of its own, a browser to look at it, and a wire that can be cut between them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEY = "VF.DM.0123456789abcdef01234567.for-the-tests"
AGENT = Path(__file__).parent / "agent.yaml"


@contextmanager
def served(port: int = 0, agent: Path = AGENT, **environment: str) -> Iterator[str]:
    """The URL of a server that serves the agent and accepts KEY."""
    command = [sys.executable, "-m", "parley", "serve", str(agent), "--port", str(port), "--data", ":memory:"]
    process = subprocess.Popen(
        command, env=os.environ | {"API_KEY": KEY} | environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = next(found[1] for line in process.stdout if (found := re.search(r"URL\s+(http://\S+)", line)))
        yield url
    finally:
        process.terminate()
        process.wait(10)


class Wire:
    """A TCP proxy. While `cut_after` is set, the first answer that contains it ends after it, and so do all others."""

    def __init__(self, url: str) -> None:
        self._target = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.cut_after: bytes | None = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where to connect to."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, come: socket.socket, go: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := come.recv(65536):
                mark = self.cut_after
                if is_answer and mark is not None and mark in data:
                    go.sendall(data[: data.index(mark) + len(mark)])
                    self.cut_after = None
                    self.cuts += 1
                    break
                go.sendall(data)
        for end in (come, go):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
