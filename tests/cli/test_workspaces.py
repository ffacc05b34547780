"""Keys of workspaces and deliveries of webhooks on the command line, beside a running server."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import httpx
from running import AGENT, refused, run, serving


def test_the_banner_shows_a_workspace_and_a_key_that_opens_it(tmp_path: Path) -> None:
    data, preset = tmp_path / "data.db", str(uuid.uuid4())
    with serving(AGENT, "--data", data, WORKSPACE=preset, WORKSPACE_KEY="owner-of-the-house") as server:
        assert preset in "".join(server.out)
        answer = httpx.get(f"{server.url}/v1/auth/me", headers={"authorization": "Bearer owner-of-the-house"})
        assert answer.json()["workspace_id"] == preset
        key = run("key", "create", "--workspace", "default", "--role", "viewer", "--data", data).stdout.strip()
        viewer = {"authorization": f"Bearer {key}"}
        assert httpx.get(f"{server.url}/v1/{preset}/services", headers=viewer).status_code == 200
        made = httpx.post(f"{server.url}/v1/{preset}/conversations", headers=viewer, json={})
        assert made.status_code == 403
    assert "There is no workspace" in refused("key", "create", "--workspace", "nobody", "--data", data)
    assert "it is one of" in refused("key", "create", "--workspace", "default", "--role", "king", "--data", data)
    assert "Webhook not found" in refused("webhook", "replay", "x", "y", "--data", data)


def test_a_preset_workspace_is_a_uuid_and_stays(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    assert "it is a UUID" in refused("serve", AGENT, "--port", "0", "--data", data, WORKSPACE="mine")
    with serving(AGENT, "--data", data):
        pass
    other = refused("serve", AGENT, "--port", "0", "--data", data, WORKSPACE=str(uuid.uuid4()))
    assert "has a default workspace already" in other


def test_an_audit_trail_is_verified_and_its_first_broken_entry_named(tmp_path: Path) -> None:
    data, preset = tmp_path / "data.db", str(uuid.uuid4())
    headers = {"authorization": "Bearer owner-of-the-house"}
    with serving(AGENT, "--data", data, WORKSPACE=preset, WORKSPACE_KEY="owner-of-the-house") as server:
        operators = f"{server.url}/v1/{preset}/operators"
        for name in ("Ann", "Bob", "Cid"):
            made = httpx.post(operators, json={"name": name, "email": f"{name}@example.org"}, headers=headers)
            assert made.status_code == 201
        shown = httpx.get(f"{operators}/audit-log", headers=headers).json()["items"]
    last = shown[0]["digest"]
    whole = run("audit", "verify", "--data", data)
    assert (whole.returncode, whole.stdout) == (0, f"default: whole, {len(shown)} entries, the last {last}\n")
    assert run("audit", "verify", "--workspace", preset, "--holds", last, "--data", data).returncode == 0
    with sqlite3.connect(data) as database:
        database.execute("DELETE FROM record WHERE kind = 'audit' AND id = ?", [shown[0]["id"]])
    short = run("audit", "verify", "--holds", last, "--data", data)
    assert (short.returncode, f"No whole trail holds {last}" in short.stdout) == (1, True)
    with sqlite3.connect(data) as database:
        database.execute(
            "UPDATE record SET data = CAST(replace(CAST(data AS TEXT), 'registered', 'departed') AS BLOB)"
            " WHERE kind = 'audit'"
        )
    broken = run("audit", "verify", "--data", data)
    assert broken.returncode == 1
    assert "broken: entry 1 (operator.departed" in broken.stdout
    assert "There is no workspace" in refused("audit", "verify", "--workspace", "nobody", "--data", data)
