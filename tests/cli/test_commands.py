"""The commands as people run them: real processes, real files, real signals."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import AGENT, KEY, PARLEY, refused, run, serving

SLOW = """
project: slow
variables: {n: 0}
workflows:
  welcome:
    - set: {n: "= (() => { let i = 0; const end = Date.now() + 600; while (Date.now() < end) i++; return 1; })()"}
    - say: Done.
"""


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"p" * 50


def start(url: str, key: str, project: str = "tryout", user: str = "ada") -> httpx.Response:
    return httpx.post(f"{url}/v4/project/{project}/session", headers={"authorization": key}, json={"userID": user})


def interact(url: str, session: str, action: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(f"{url}/v4/interact", headers={"authorization": session}, json={"action": action})
    answer.raise_for_status()
    traces: list[dict[str, Any]] = answer.json()["traces"]
    return traces


def texts(traces: list[dict[str, Any]]) -> list[str]:
    return [trace["payload"]["message"] for trace in traces if trace["type"] == "text"]


def launched(url: str, key: str, project: str = "tryout", user: str = "ada") -> list[str]:
    session = start(url, key, project, user).json()["sessionKey"]
    return texts(interact(url, session, {"type": "launch"}))


def test_version_is_told() -> None:
    assert re.fullmatch(r"parley \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize(
    "command", [["serve"], ["check"], ["chat"], ["import"], ["backup"], ["key", "create"], ["key"]]
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout


def test_printed_commands_work_as_they_are_printed() -> None:
    with serving(AGENT, "--data", ":memory:") as server:
        done = subprocess.run(["sh"], input=server.hello, capture_output=True, text=True, timeout=30)
        assert "What's your name?" in done.stdout
        assert "event: end" in done.stdout
        assert httpx.get(server.url).status_code == 200


def test_key_from_the_environment_is_the_one_that_is_used() -> None:
    with serving(AGENT, "--data", ":memory:", API_KEY=KEY) as server:
        assert server.key == KEY
        assert start(server.url, KEY).status_code == 200


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    said = refused("serve", tmp_path / "nothing.yaml", "--port", "0", "--data", ":memory:")
    assert "nothing.yaml" in said and said.count("\n") == 1
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("serve", AGENT, "--port", str(port), "--data", ":memory:")
    assert said.startswith(f"Port {port} is taken on 127.0.0.1. Choose another: --port") and said.count("\n") == 1
    said = refused("serve", AGENT, AGENT, "--port", "0", "--data", ":memory:")
    assert "'tryout'" in said and said.count("\n") == 1


def test_every_problem_of_a_file_is_said_at_once(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    agent.write_text("workflows:\n  welcome:\n    - sya: Hello\n    - -> nowhere\n")
    said = refused("serve", agent, "--port", "0", "--data", ":memory:")
    assert "agent.yaml:3:" in said and "agent.yaml:4:" in said
    checked = run("check", agent)
    assert checked.returncode == 1
    assert "agent.yaml:3:" in checked.stdout and "2 errors" in checked.stdout
    assert run("check", AGENT).returncode == 0
    assert run("check", tmp_path / "nothing.yaml").returncode == 1


def test_data_that_another_server_holds_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "parley.db"
    with serving(AGENT, "--data", data) as server:
        said = refused("serve", AGENT, "--port", "0", "--data", data)
        assert str(data) in said and said.count("\n") == 1
        assert start(server.url, server.key).status_code == 200
    with serving(AGENT, "--data", data):
        pass


def test_data_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused("serve", AGENT, "--port", "0", "--data", tmp_path / "file" / "parley.db")
    assert "parley.db" in said and said.count("\n") == 1
    said = refused("serve", AGENT, "--port", "0", "--data", "/proc/parley.db")
    assert "parley.db" in said and said.count("\n") == 1
    (tmp_path / "text.db").write_text("this is no database at all, whatever its name says" * 100)
    said = refused("serve", AGENT, "--port", "0", "--data", tmp_path / "text.db")
    assert "text.db" in said and said.count("\n") == 1
    said = refused("serve", AGENT, "--port", "0", "--data", tmp_path)
    assert said.count("\n") == 1
    said = refused("serve", AGENT, "--port", "0", "--data", "postgres://somewhere/db")
    assert said.count("\n") == 1


def test_conversation_outlives_the_server(tmp_path: Path) -> None:
    data = tmp_path / "parley.db"
    with serving(AGENT, "--data", data) as server:
        session = start(server.url, server.key).json()["sessionKey"]
        interact(server.url, session, {"type": "launch"})
        assert server.stop() == 0
    with serving(AGENT, "--data", data) as server:
        assert "Nice to meet you, Ada." in texts(interact(server.url, session, {"type": "text", "payload": "Ada"}))


def upload(url: str, session: str, data: bytes) -> str:
    """Send a file in a session; where it is then."""
    told = httpx.post(f"{url}/v1/handoff/file-storage", json={}, headers={"authorization": session}).json()
    sent = httpx.post(told["url"], data=told["fields"], files={"file": ("a.png", data)})
    assert sent.status_code == 201, sent.text
    return str(sent.json()["url"])


def test_changed_file_is_picked_up_for_new_sessions(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    text = AGENT.read_text()
    agent.write_text(text)
    with serving(agent, "--data", ":memory:", "--reload") as server:
        old = start(server.url, server.key).json()["sessionKey"]
        interact(server.url, old, {"type": "launch"})
        agent.write_text(text.replace("What's your name?", "Who are you?").replace("Nice to meet", "Hail to"))
        server.wait_for(server.err, "agent reloaded")
        assert launched(server.url, server.key, user="bo") == ["Who are you?"]
        assert "Nice to meet you, Ada." in texts(interact(server.url, old, {"type": "text", "payload": "Ada"}))
        agent.write_text("workflows: {welcome: [{sya: Hello}, {tell: me}]}\n")
        logged = server.wait_for(server.err, "agent not reloaded.*\n")
        assert "sya" in logged and "tell" in logged
        assert launched(server.url, server.key, user="cy") == ["Who are you?"]


def test_keys_are_made_listed_and_revoked_beside_a_running_server(tmp_path: Path) -> None:
    data = tmp_path / "parley.db"
    with serving(AGENT, "--data", data) as server:
        key = run("key", "create", "--project", "tryout", "--label", "for ci", "--data", data).stdout.strip()
        assert re.fullmatch(r"VF\.DM\.[0-9a-f]{24}\.\S+", key)
        assert start(server.url, key).status_code == 200
        listed = run("key", "list", "--data", data).stdout
        assert "for ci" in listed and key not in listed and key.split(".")[3] not in listed
        id = key.split(".")[2]
        revoked = run("key", "revoke", id, "--data", data)
        assert (revoked.returncode, revoked.stdout) == (0, f"Revoked {id}.\n")
        assert start(server.url, key).status_code == 401
        assert run("key", "revoke", id, "--data", data).returncode == 1
        assert start(server.url, server.key).status_code == 200
    assert "does not exist" in refused("key", "list", "--data", tmp_path / "other.db")
    assert ":memory:" in refused("key", "create", "--data", ":memory:")


def test_data_is_copied_while_it_is_served_from(tmp_path: Path) -> None:
    data, copy = tmp_path / "parley.db", tmp_path / "copy.db"
    with serving(AGENT, "--data", data) as server:
        session = start(server.url, server.key).json()["sessionKey"]
        interact(server.url, session, {"type": "launch"})
        url = upload(server.url, session, PICTURE)
        done = run("backup", copy, "--data", data)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{copy}.files: 1 files" in done.stdout
        assert "exists already" in refused("backup", copy, "--data", data)
    assert sqlite3.connect(copy).execute("pragma integrity_check").fetchone() == ("ok",)
    with serving(AGENT, "--data", copy) as server:
        assert "Nice to meet you, Ada." in texts(interact(server.url, session, {"type": "text", "payload": "Ada"}))
        assert httpx.get(f"{server.url}/files/{url.split('/files/')[1]}").content == PICTURE


def test_running_turns_are_finished_before_the_server_goes(tmp_path: Path) -> None:
    agent = tmp_path / "slow.yaml"
    agent.write_text(SLOW)
    with serving(agent, "--data", tmp_path / "parley.db") as server:
        session = start(server.url, server.key, "slow").json()["sessionKey"]
        said: list[str] = []
        asking = threading.Thread(target=lambda: said.extend(texts(interact(server.url, session, {"type": "launch"}))))
        asking.start()
        time.sleep(0.2)
        assert server.stop() == 0
        asking.join(10)
        assert said == ["Done."]
        assert "Traceback" not in "".join(server.err)


def test_interrupt_stops_the_server_too() -> None:
    with serving(AGENT, "--data", ":memory:") as server:
        server.process.send_signal(2)
        assert server.process.wait(10) == 0


SAMPLES = Path(__file__).parents[3] / "shared" / "vf_samples"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the checkout")
def test_export_of_another_house_is_imported_with_a_report(tmp_path: Path) -> None:
    file = next(SAMPLES.glob("voiceflow-mcp*.vf"))
    into = tmp_path / "agent"
    done = run("import", file, into)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nodes" in done.stdout and "run as they did" in done.stdout and f"parley chat {into}" in done.stdout
    assert run("check", into).returncode == 0
    assert "holds something already" in refused("import", file, into)
    assert "no such file" in refused("import", tmp_path / "nothing.vf", tmp_path / "other")


def test_module_and_command_are_the_same() -> None:
    command = Path(PARLEY[0]).parent / "parley"
    if not command.exists():
        pytest.skip("not installed as a command")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30)
    assert done.stdout == run("--version").stdout


def test_check_tells_what_becomes_of_every_node_of_an_export() -> None:
    fixtures = Path(__file__).parents[1] / "fixtures" / "vf"
    done = run("check", fixtures / "orchard_12.vf")
    assert done.returncode == 0
    assert "Orchard (schema 12)" in done.stdout
    assert re.search(r"exact +generative 'Greeting' \(ask\)", done.stdout)
    assert re.search(r"approximate +agent 'Gardener' \(talk\)\n +its tools are not offered", done.stdout)
    assert "7 steps ask a language model" in done.stdout


def test_chat_with_a_scripted_model(tmp_path: Path) -> None:
    agent, script = tmp_path / "agent.yaml", tmp_path / "script.yaml"
    agent.write_text("workflows: {main: [{prompt: How are you?}]}\n")
    script.write_text("- {when: How, answer: Scripted but well.}\n")
    assert "Scripted but well." in run("chat", agent, PARLEY_MODEL=f"scripted:{script}").stdout
    assert "Scripted but well." not in run("chat", agent).stdout
    assert "is not a script" in refused("chat", agent, PARLEY_MODEL=f"scripted:{agent}")
    assert "begin with openai:" in refused("chat", agent, PARLEY_MODEL="oracle:delphi")
