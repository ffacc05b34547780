"""`parley chat` in a process of its own: fed by a script, and in a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import AGENT, KEY, PARLEY, Server, run, serving


class Terminal:
    """A `parley` in a terminal of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        master, slave = pty.openpty()
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90", "LINES": "40"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [*PARLEY, *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self._master = master
        self.seen = ""

    def expect(self, words: str) -> str:
        """Everything seen since the last time, once these words are there."""
        deadline = time.monotonic() + 20
        while words not in self.seen:
            assert time.monotonic() < deadline, f"{words!r} was not shown: {self.seen!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                self.seen += os.read(self._master, 65536).decode()
        before, self.seen = self.seen.split(words, 1)
        return before + words

    def type(self, words: str) -> None:
        """Type it, control characters too."""
        os.write(self._master, words.encode())

    def close(self) -> int:
        """The exit code."""
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            os.close(self._master)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(AGENT, "--data", ":memory:", API_KEY=KEY) as running:
        yield running


SAID = """\
What's your name?
> Ada
Nice to meet you, Ada.
What now?
  1  Show a card
  2  Do something
  3  Wait for me
> show a CARD
Lamp
A lamp for Ada
[picture: https://example.org/lamp.png]
    1  Take it
> 1
[Take it]
It is yours.
Goodbye!
"""


def test_script_talks_to_a_file_and_gets_plain_text() -> None:
    done = run("chat", AGENT, stdin="Ada\nshow a CARD\n1\nnobody reads this\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, SAID, "")


def test_script_talks_to_a_server_and_gets_the_same(server: Server) -> None:
    done = run("chat", server.url, "--key", KEY, stdin="Ada\nshow a CARD\n1\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, SAID, "")


def test_key_comes_from_the_environment_or_from_the_link_of_the_page(server: Server) -> None:
    assert run("chat", server.url, "--project", "tryout", stdin="Ada\n", API_KEY=KEY).returncode == 0
    done = run("chat", f"{server.url}/#key={KEY}&project=tryout", stdin="Ada\n", API_KEY="")
    assert "Nice to meet you, Ada." in done.stdout


def test_lines_come_from_a_file_too(tmp_path: Path) -> None:
    script = tmp_path / "lines"
    script.write_text("Ada\n2\nbooked")
    with script.open() as lines:
        done = subprocess.run([*PARLEY, "chat", AGENT], stdin=lines, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.endswith(
        '[custom action: calendar] {"open": "monday"}\n    1  booked\n    2  cancelled\n> booked\nIt is booked.\n'
    )


def test_failures_are_one_line_with_what_to_do(server: Server, tmp_path: Path) -> None:
    broken = tmp_path / "agent.yaml"
    broken.write_text("workflows: {welcome: [{sya: Hello}, -> nowhere]}\n")
    for expected, arguments in {
        "This is not a valid API key.": ("chat", server.url, "--key", "wrong"),
        "--key, or API_KEY in the environment": ("chat", server.url),
        "does not answer. Check that `parley serve` is running": ("chat", "http://127.0.0.1:9", "--key", "k"),
        "Project 'other' is not served here.": ("chat", server.url, "--key", KEY, "--project", "other"),
        "no-such-agent": ("chat", tmp_path / "no-such-agent"),
    }.items():
        done = run(*arguments, API_KEY="")
        assert done.returncode == 1
        assert expected in done.stderr
        assert done.stderr.count("\n") == 1
    done = run("chat", broken)
    assert done.returncode == 1
    assert "sya" in done.stderr and "nowhere" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("remote", [False, True])
def test_terminal_has_colours_choices_and_commands(server: Server, remote: bool) -> None:
    arguments = ("chat", server.url, "--key", KEY, "--user", "tty") if remote else ("chat", AGENT)
    terminal = Terminal(*arguments)
    terminal.expect("What's your name?")
    assert "\x1b[1;36m" in terminal.expect("›")
    terminal.type("Ada\n")
    terminal.expect("Wait for me")
    terminal.type("/state\n")
    terminal.expect('"name": "Ada"')
    terminal.type("/traces\n/nonsense\n")
    terminal.expect("There is no /nonsense.")
    terminal.type("1\n")
    terminal.expect('"type": "cardV2"')
    terminal.expect("╭")
    terminal.type("/traces\n/restart\n")
    terminal.expect("What's your name?")
    terminal.type("/quit\n")
    assert terminal.close() == 0


def test_terminal_watches_silence() -> None:
    terminal = Terminal("chat", AGENT)
    terminal.expect("What's your name?")
    terminal.type("Ada\n3\n")
    terminal.expect("(silence)")
    terminal.expect("Still there?")
    terminal.expect("(silence)")
    terminal.expect("Enter begins again")
    terminal.type("\n")
    terminal.expect("What's your name?")
    terminal.type("\x04")
    assert terminal.close() == 0


def test_interrupt_leaves_politely() -> None:
    terminal = Terminal("chat", AGENT)
    terminal.expect("›")
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.close() == 0
    assert "Traceback" not in terminal.seen


def test_agent_cannot_paint_the_terminal(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    agent.write_text('workflows: {welcome: [say: "a\\x1b[31mb [bold]c[/bold] :smile:", -> end]}\n')
    assert run("chat", agent).stdout == "a�[31mb [bold]c[/bold] :smile:\n"
