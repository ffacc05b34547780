"""`parley` as people run it: a process of its own, its output, and a server that tells where it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AGENT = Path(__file__).parent / "agent.yaml"
KEY = "VF.DM.0123456789abcdef01234567.for-the-tests"
HANG_SECONDS = 60.0
"""A guard against hanging, never a measure."""
PARLEY = (sys.executable, "-m", "parley")


def run(*arguments: str | Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    return subprocess.run(
        [*PARLEY, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


def refused(*arguments: str | Path, **environment: str) -> str:
    """The one thing that a command which cannot do its work says."""
    done = run(*arguments, **environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


class Server:
    """A running server and everything it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((process.stdout, self.out), (process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()
        printed = self.wait_for(self.out, r"Say hello:\n\n(  .*\n){4}")
        self.url = re.search(r"URL\s+(\S+)", printed)[1]  # type: ignore[index]
        self.key = re.search(r"API key\s+(\S+)", printed)[1]  # type: ignore[index]
        self.hello = printed.split("Say hello:\n\n")[1]

    def wait_for(self, lines: list[str], pattern: str) -> str:
        """Everything printed, once the pattern is in it."""
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            text = "".join(lines)
            if re.search(pattern, text):
                return text
            assert self.process.poll() is None or self._readers[0].is_alive(), "".join(self.err)
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not printed: {''.join(self.out + self.err)}")

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        self.process.terminate()
        code = self.process.wait(20)
        for reader in self._readers:
            reader.join(5)
        return code

    def _read(self, stream: Iterator[str], lines: list[str]) -> None:
        for line in stream:
            lines.append(line)


@contextmanager
def serving(*arguments: str | Path, **environment: str) -> Iterator[Server]:
    """A server on a free port; it must never print a traceback."""
    command = [*PARLEY, "serve", *map(str, arguments)]
    if "--port" not in command:
        command += ["--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )
    server = None
    try:
        server = Server(process)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
    assert "Traceback" not in "".join(server.err)
