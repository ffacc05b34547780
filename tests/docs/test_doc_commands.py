"""Every command in the README, the tutorial and the how-tos is run as it is written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs/tutorial").glob("*.md")),
    *sorted((ROOT / "docs/howto").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
KEY = "VF.DM.docs.key"
ELSEWHERE = ("git clone", "pip install")
"""What needs a network: not run here."""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [body for kind, body in BLOCK.findall(page.read_text("utf-8")) if kind == language]


def commands(page: Path) -> list[str]:
    """One command a line; a backslash goes on with the next."""
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A folder with the files that the pages speak of, and `parley` on the path."""
    for block in (block for page in PAGES for block in blocks(page, "yaml")):
        if named := re.match(r"# (\w+\.yaml)", block):
            (tmp_path / named[1]).write_text(block, "utf-8")
    (tmp_path / "shop.yaml").write_text(tutorial_agent(), "utf-8")
    (tmp_path / "export.vf").write_bytes((ROOT / "tests/fixtures/vf/bike_rental_7.vf").read_bytes())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/parley").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m parley "$@"\n')
    (tmp_path / "bin/parley").chmod(0o755)
    yield tmp_path


def tutorial_agent() -> str:
    """The agent that a reader of the tutorial has at its end."""
    page = blocks(ROOT / "docs/tutorial/first-agent.md", "yaml")
    agent = yaml.safe_load(page[0])
    variables, buttons, track, entities, decide, intents, triggered = (yaml.safe_load(block) for block in page[1:])
    agent |= variables | entities | intents
    agent["variables"] |= {"order": ""}
    agent["workflows"]["welcome"] += buttons
    steps = track["track"]
    steps[1:2] = decide
    assert triggered["track"]["steps"][0] == steps[0]
    agent["workflows"]["track"] = triggered["track"] | {"steps": steps}
    return yaml.safe_dump(agent, sort_keys=False)


def environment(desk: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{desk / 'bin'}:{os.environ['PATH']}", "API_KEY": KEY, "NO_COLOR": "1"}


def filled_in(command: str, desk: Path, port: int) -> str:
    """The command with what a reader puts in the place of what the page leaves open."""
    command = (
        command.replace("AGENT...", "hello.yaml")
        .replace("my_agent", "hello.yaml")
        .replace("serve ...", "serve hello.yaml")
        .replace("=...", "=x")
    )
    command = command.replace("/var/lib/parley/", f"{desk}/").replace("/srv/uploads", f"{desk}/uploads")
    command = command.replace("--port 8181", "--port 0").replace("localhost:8181", f"localhost:{port}")
    if " ID" in command:
        command = command.replace(" ID", f" {last_key(desk)}")
    return command


def last_key(desk: Path) -> str:
    listed = run("parley key list --data parley.db", desk)
    return re.findall(r"\b[0-9a-f]{24}\b", listed)[-1]


def shell(command: str, desk: Path) -> subprocess.CompletedProcess[str]:
    """A command, to its end."""
    nothing = subprocess.DEVNULL
    return subprocess.run(
        command, shell=True, cwd=desk, env=environment(desk), capture_output=True, text=True, timeout=60, stdin=nothing
    )


def run(command: str, desk: Path) -> str:
    """The output of a command that must succeed."""
    done = shell(command, desk)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@contextmanager
def serving(command: str, desk: Path) -> Iterator[int]:
    """A server that runs, and its port; it must end well when told to."""
    command = command if "--port" in command else f"{command} --port 0"
    command = f"exec env {command}"
    process = subprocess.Popen(command, shell=True, cwd=desk, env=environment(desk), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"URL\s+http://localhost:(\d+)", line):
                yield int(found[1])
                break
        else:
            pytest.fail(f"{command}: the server did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0, command


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_the_commands_of_a_page_work(page: Path, desk: Path) -> None:
    support_desk = f"parley serve {ROOT}/examples/support_desk --port 0 --data parley.db"
    with serving(support_desk, desk) as port:
        for command in commands(page):
            if command.startswith(ELSEWHERE):
                continue
            if command.startswith("make "):
                assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text()
                continue
            command = filled_in(command, desk, port)
            if "parley serve" in command:
                data = "" if "--data" in command else " --data :memory:"
                with serving(command.replace("--data " + str(desk) + "/parley.db", "--data other.db") + data, desk):
                    continue
            run(command, desk)


def test_the_tutorial_agent_has_no_problem_and_talks_as_the_tutorial_says(desk: Path) -> None:
    assert "fine" in run("parley check shop.yaml", desk)
    said = "Ada\\nTrack my order\\ndunno\\nmy order is AB-12345\\n"
    talk = shell(f"printf '{said}' | parley chat shop.yaml", desk)
    assert talk.returncode == 0, talk.stderr
    for answer in ("Nice to meet you, Ada.", "It looks like AB-12345.", "AB-12345 left us yesterday."):
        assert answer in talk.stdout


def test_the_thinking_agent_talks_as_its_tutorial_says(desk: Path) -> None:
    command = "PARLEY_MODEL=scripted:tea_script.yaml parley chat tea.yaml"
    talk = shell(f"printf '200 g of sencha\\nyes\\n' | {command}", desk)
    assert talk.returncode == 0, talk.stderr
    for answer in ("Good day!", "That makes 18 euros. Shall I pack it?", "sencha for 18 euros is yours."):
        assert answer in talk.stdout


def test_the_thinking_agent_looks_up_the_page_that_its_tutorial_adds(desk: Path) -> None:
    run(next(command for command in commands(ROOT / "docs/tutorial/agent-that-thinks.md") if "printf" in command), desk)
    agent = yaml.safe_load((desk / "tea.yaml").read_text())
    agent["agent"]["tools"] = ["knowledge"]
    (desk / "tea.yaml").write_text(yaml.safe_dump(agent | {"knowledge": {"documents": ["brewing.md"]}}))
    rule = {"when": "brew", "calls": {"knowledge": {"question": "How is oolong brewed"}}}
    script = [rule | {"then": [{"result": r"oolong at (\d+)", "answer": r"At \1."}]}]
    (desk / "look.yaml").write_text(yaml.safe_dump(script))
    assert "fine" in run("parley check tea.yaml", desk)
    command = "PARLEY_MODEL=scripted:look.yaml PARLEY_EMBEDDINGS=off parley chat tea.yaml"
    assert "At 90." in shell(f"printf 'how do I brew it?\\n' | {command}", desk).stdout


def test_the_tutorial_is_right_that_a_variable_must_be_declared(desk: Path) -> None:
    first = blocks(ROOT / "docs/tutorial/first-agent.md", "yaml")[0]
    (desk / "early.yaml").write_text(first, "utf-8")
    done = shell("parley check early.yaml", desk)
    assert done.returncode == 1
    assert "name" in done.stdout


def test_a_conversation_is_watched_and_taken_over_as_the_page_says(desk: Path) -> None:
    workspace, key = "0f8fad5b-d9cb-469f-a165-70867728950e", "key_of_these_pages_0123456789"
    command = f"WORKSPACE={workspace} WORKSPACE_KEY={key} parley serve {ROOT}/examples/support_desk --data :memory:"
    page = "\n".join(blocks(ROOT / "docs/howto/supervise-live-conversations.md", "bash"))
    with serving(command, desk) as port:
        page = page.replace("WORKSPACE=...", f"WORKSPACE={workspace}").replace("KEY=...", f"KEY={key}")
        (desk / "page.sh").write_text("set -eu\n" + page.replace("localhost:8181", f"localhost:{port}"))
        shown = run("bash page.sh", desk).splitlines()
    assert shown[:2] == ["Nice to meet you, Ada.", "How can I help?"]
    assert {"shown", "takeover"} < set(shown)
    assert shown[shown.index("takeover") :][:5] == ["takeover", "true", "0", "null", "true"], "the agent was silent"
    assert set(shown) > {"operator.wrap_up", "operator.left_call", "operator.spoke", "operator.joined_call"}
