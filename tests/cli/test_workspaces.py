"""Keys of workspaces and deliveries of webhooks on the command line, beside a running server."""

from __future__ import annotations

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
