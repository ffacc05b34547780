"""A JavaScript program on the platform API, made of the libraries that such programs use: real ones, under Node.

What it insists on is what the published client insists on (platform API, section 8): a bare array of sessions, the
`event:` line of every frame of a stream, the echo of `auth`, ids of calls it can read, bodies of errors as they are.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.estate.socket_client import PROTOCOLS
from tests.transports.socket_server import serving

from estate_fixture import Ground

PROGRAMS = Path(__file__).parents[1] / "node"


async def node(*arguments: str) -> dict[str, Any]:
    """What the program saw."""
    assert shutil.which("node"), "the tests need Node.js"
    assert (PROGRAMS / "node_modules/openapi-fetch").exists(), "run: npm --prefix tests/node ci"
    process = await asyncio.create_subprocess_exec(
        "node", "platform.mjs", *arguments, cwd=PROGRAMS, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return dict(json.loads(out))


@pytest.mark.node
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_program_converses_supervises_and_listens(ground: Ground, protocol: str) -> None:
    async with serving(ground.front, protocol) as port:
        saw = await node(f"http://127.0.0.1:{port}", str(ground.ours.id), ground.keys["member"])
    assert saw["start"] == [201, "created", 201, "already_active"]
    assert saw["same"] is True
    assert saw["turn"] == {"status": 200, "input": "Hello there", "said": ["You said: Hello there"]}
    streamed = [(event, data) for event, data in saw["stream"] if event == "message"]
    assert streamed == [("message", {"role": "agent", "text": "You said: Hello again"})]
    last, done = saw["stream"][-1]
    assert (last, done["status"]) == ("done", "active")
    assert "event" not in done
    assert saw["transcript"] == [
        ["agent", "Welcome back."],
        ["user", "Hello there"],
        ["agent", "You said: Hello there"],
        ["user", "Hello again"],
        ["agent", "You said: Hello again"],
    ]
    assert saw["active"] == {"isArray": True, "listed": True}
    assert saw["observer"] == {"protocol": "auth", "info": True}
    assert saw["inject"] == {"status": "delivered", "mine": True}
    assert saw["receipt"] is True
    assert saw["errors"] == [404, "Session not found.", 422, ["body", "message"]]
    assert saw["end"] is saw["gone"] is True
    assert saw["events"] == {"required": True, "reason": "caller_hangup"}
    assert saw["replayed"] == {"same": True, "isTime": True}
    said = {"said": "You said: Hi", "duplicate": False, "repeated": True, "reason": "stopped", "code": 1000}
    assert saw["text"] == {"protocol": "auth", "named": True, **said}
