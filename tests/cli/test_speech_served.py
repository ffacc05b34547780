"""Calls on a server as people run it, with speech that is scripted."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from tests.cli.running import AGENT, run, serving
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from parley.backends.speech.scripted import ScriptedEar

WORKSPACE, KEY = str(uuid.UUID(int=7)), "wk-for-the-tests"
PRESET = {"WORKSPACE": WORKSPACE, "WORKSPACE_KEY": KEY}


def address_of(url: str, door: str) -> str:
    """Where a socket of the first service is."""
    services = httpx.get(f"{url}/v1/{WORKSPACE}/services", headers={"authorization": f"Bearer {KEY}"}).json()
    return f"{url.replace('http', 'ws')}{door}?workspace_id={WORKSPACE}&service_id={services['items'][0]['id']}"


def greeting(url: str, environment: dict[str, str]) -> tuple[str, str]:
    """What the agent's greeting says, and what is heard of it."""
    address = address_of(url, "/agent/test-call")
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


def test_a_server_that_stops_closes_the_sockets_and_goes() -> None:
    with serving(AGENT, "--data", ":memory:", **PRESET) as server:
        offered = [Subprotocol("auth"), Subprotocol(KEY)]
        with (
            connect(address_of(server.url, "/agent/text-stream"), subprotocols=offered) as talk,
            connect(address_of(server.url, "/agent/test-call"), subprotocols=offered) as call,
        ):
            talk.recv(20)
            call.recv(20)
            assert server.stop() == 0
            for socket in (talk, call):
                with pytest.raises(ConnectionClosed):
                    while True:
                        socket.recv(20)
                assert socket.close_code == 1012
