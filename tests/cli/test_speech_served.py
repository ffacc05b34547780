"""Calls on a server as people run it, with speech that is scripted."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
from tests.cli.running import AGENT, run, serving
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from parley.backends.speech.scripted import ScriptedEar

WORKSPACE, KEY = str(uuid.UUID(int=7)), "wk-for-the-tests"
PRESET = {"WORKSPACE": WORKSPACE, "WORKSPACE_KEY": KEY}


def greeting(url: str, environment: dict[str, str]) -> tuple[str, str]:
    """What the agent's greeting says, and what is heard of it."""
    services = httpx.get(f"{url}/v1/{WORKSPACE}/services", headers={"authorization": f"Bearer {KEY}"}).json()
    asked = f"workspace_id={WORKSPACE}&service_id={services['items'][0]['id']}"
    address = f"{url.replace('http', 'ws')}/agent/test-call?{asked}"
    said, heard, ear = "", "", ScriptedEar()
    with connect(address, subprotocols=[Subprotocol("auth"), Subprotocol(KEY)]) as call:
        while not said or (environment and not heard):
            frame: Any = call.recv(20)
            if isinstance(frame, bytes):
                heard += "".join(each.text for each in ear.hear(frame) if each.is_final)
            elif json.loads(frame)["type"] == "agent_transcript":
                said = json.loads(frame)["transcript"]
    return said, heard


def test_scripted_speech_is_heard_and_said_to_be_scripted() -> None:
    speech = {"PARLEY_SPEECH": "scripted"}
    with serving(AGENT, "--data", ":memory:", **PRESET, **speech) as server:
        said, heard = greeting(server.url, speech)
        assert said and heard == said
        assert "scripted (tones for tests, not a voice)" in "".join(server.out)
        server.wait_for(server.err, "scripted speech")


def test_without_speech_calls_go_in_words() -> None:
    with serving(AGENT, "--data", ":memory:", **PRESET) as server:
        said, heard = greeting(server.url, {})
        assert said and not heard


def test_a_kind_of_speech_that_there_is_not_is_refused_in_one_line() -> None:
    tried = run("serve", AGENT, "--port", "0", "--data", ":memory:", PARLEY_SPEECH="loud")
    assert tried.returncode != 0
    assert "PARLEY_SPEECH=loud: it is one of off and scripted." in tried.stderr + tried.stdout
    assert "Traceback" not in tried.stderr
