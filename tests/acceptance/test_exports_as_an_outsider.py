"""Exports as somebody meets them who has only the command: served, checked, imported; and files that are none."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.crawl import FIXTURES, SAMPLES
from tests.cli.running import Server, run, serving

from parley.projects.vf.export_file import LARGEST_FILE

ALL = [*FIXTURES, *SAMPLES]
every_export = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem[:40])


class Talk:
    """A conversation over HTTP with what is served."""

    def __init__(self, server: Server, project: str) -> None:
        headers = {"authorization": server.key}
        url = f"{server.url}/v4/project/{project}/session"
        started = httpx.post(url, headers=headers, json={"userID": "ada"}, timeout=30).raise_for_status()
        self._url, self._key = server.url, started.json()["sessionKey"]

    def send(self, action: dict[str, Any]) -> list[dict[str, Any]]:
        """The traces that answer, debug traces too; none of them tells of an error inside."""
        body = {"action": action, "config": {"excludeTypes": []}}
        answer = httpx.post(f"{self._url}/v4/interact", headers={"authorization": self._key}, json=body, timeout=30)
        traces: list[dict[str, Any]] = answer.raise_for_status().json()["traces"]
        assert "internal error" not in json.dumps(traces)
        return traces


def buttons_in(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the buttons that are shown send."""
    parts = [
        part
        for trace in traces
        if isinstance(payload := trace.get("payload"), dict)
        for part in (payload, *payload.get("cards", ()))
    ]
    return [button["request"] for part in parts for button in part.get("buttons", ()) if "request" in button]


def project_of(server: Server) -> str:
    """The id that the server prints."""
    found = re.search(r"Project +(\S+)", "".join(server.out))
    assert found is not None
    return found[1]


@every_export
def test_an_export_is_served_and_its_buttons_answer(path: Path) -> None:
    with serving(path, "--data", ":memory:") as server:
        project = project_of(server)
        talk = Talk(server, project)
        traces = talk.send({"type": "launch"})
        assert traces
        for _ in range(3):
            offered = buttons_in(traces)
            if not offered:
                break
            traces = talk.send(offered[0])
            assert traces
        if traces[-1]["type"] != "end":
            talk.send({"type": "text", "payload": "something that nobody expects"})


@every_export
def test_a_walk_breaks_nothing_and_explains_what_it_did_not_reach(path: Path) -> None:
    done = run("check", path, "--walk")
    assert (done.returncode, "INTERNAL ERROR" in done.stdout) == (0, False), done.stdout
    reached, of = map(int, re.search(r"(\d+) of (\d+) steps reached", done.stdout).groups())  # type: ignore[union-attr]
    explained = re.findall(r"^  not reached: (.+: .+)$", done.stdout, re.MULTILINE)
    assert len(explained) == of - reached
    assert "stopped before" not in done.stdout


@every_export
def test_an_export_is_imported_and_its_import_is_in_order(path: Path, tmp_path: Path) -> None:
    imported = run("import", path, tmp_path / "agent")
    assert (imported.returncode, imported.stderr) == (0, ""), imported.stdout
    assert "Not said in the files" not in imported.stdout
    checked = run("check", tmp_path / "agent")
    assert checked.returncode == 0, checked.stdout


def test_a_directory_is_an_agent_whatever_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "agent.vf"
    assert run("import", FIXTURES[0], folder).returncode == 0
    assert run("check", folder).returncode == 0


def test_an_export_may_be_called_vfr(tmp_path: Path) -> None:
    shutil.copy(FIXTURES[0], tmp_path / "agent.vfr")
    assert "schema 7" in run("check", tmp_path / "agent.vfr").stdout


@pytest.mark.parametrize("command", ["serve", "check", "import"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FIXTURES[0].read_bytes()[:5000], "is not JSON, or was cut off"),
        (b"hello there", "is not JSON, or was cut off"),
        (b"[]", "not an export"),
        (None, "exports up to 67,108,864 bytes are read"),
    ],
    ids=["cut off", "not JSON", "no export", "65 MiB"],
)
def test_what_is_no_export_is_said_in_a_line(command: str, data: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.vf"
    with path.open("wb") as file:
        if data is None:
            file.truncate(LARGEST_FILE + 1024 * 1024)
        else:
            file.write(data)
    done = run(command, path, *([tmp_path / "into"] if command == "import" else []))
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def broken() -> dict[str, Any]:
    """An export in which a port leads nowhere and two components run each other."""

    def diagram(id: str, kind: str, **nodes: Any) -> dict[str, Any]:
        return {"_id": id, "diagramID": id, "name": id, "type": kind, "variables": [], "nodes": nodes}

    def node(id: str, kind: str, target: str | None, **data: Any) -> dict[str, Any]:
        ports = {"builtIn": {"next": {"type": "next", "target": target, "id": "p"}}, "dynamic": []}
        return {"nodeID": id, "type": kind, "data": {**data, "portsV2": ports}}

    return {
        "project": {"_id": "5d0000000000000000000001", "name": "Broken"},
        "version": {"_id": "5d0000000000000000000002", "_version": 7, "rootDiagramID": "root", "variables": []},
        "diagrams": {
            "root": diagram(
                "root",
                "TOPIC",
                start=node("start", "start", "run"),
                run=node("run", "component", "gone", diagramID="one"),
            ),
            "one": diagram(
                "one", "COMPONENT", s=node("s", "start", "c"), c=node("c", "component", None, diagramID="two")
            ),
            "two": diagram(
                "two", "COMPONENT", s=node("s", "start", "c"), c=node("c", "component", None, diagramID="one")
            ),
        },
    }


def test_loose_ends_and_circles_are_reported_and_end_a_turn_not_the_server(tmp_path: Path) -> None:
    path = tmp_path / "broken.vf"
    path.write_text(json.dumps(broken()))
    done = run("check", path, "--walk")
    assert done.returncode == 0
    assert "a connection leads to 'gone', which does not exist" in done.stdout
    assert "components run each other in a circle" in done.stdout
    with serving(path, "--data", ":memory:") as server:
        talk = Talk(server, project_of(server))
        for _ in range(2):
            assert any(
                "limit" in trace["payload"]["message"]
                for trace in talk.send({"type": "launch"})
                if trace["type"] == "debug"
            )
