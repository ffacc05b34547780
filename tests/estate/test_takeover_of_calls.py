"""A person takes over a call: the agent falls silent at once, and what the person writes is spoken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.estate.socket_client import Doors, open_doors
from tests.estate.test_call_socket import PATH, asking, begun, clock_of, sound_until, with_speech

from estate_fixture import break_ground
from house_fixture import open_house
from parley.backends.clock import StillClock
from parley.backends.speech.scripted import encode


@pytest.fixture
async def spoken() -> AsyncIterator[Doors]:
    clock = StillClock(now_ms=2_000_000_000_000)
    async with open_doors(with_speech(await break_ground(await open_house(clock=clock)))) as doors:
        yield doors


async def does(client: httpx.AsyncClient, doors: Doors, ann: str, what: str, sid: str, **body: Any) -> int:
    at = doors.ground.at(f"/operators/{ann}/{what}")
    return (await client.post(at, json={"call_sid": sid, **body})).status_code


@pytest.mark.timeout(60)
async def test_the_agent_is_silent_in_the_middle_of_a_word(spoken: Doors) -> None:
    async with spoken.open(PATH, **await asking(spoken)) as peer, spoken.ground.client() as client:
        sid = await begun(peer)
        await clock_of(spoken).advance(1)
        story = "fish " * 20 + "fish"
        await peer.send("user_message", text=story)
        await peer.the("agent_transcript")
        before = len(peer.sound)
        await sound_until(peer, before + 1)
        made = await client.post(spoken.ground.at("/operators"), json={"name": "Ann", "email": "ann@example.org"})
        ann = made.json()["id"]
        assert await does(client, spoken, ann, "join-call", sid) == 200
        await peer.the("interruption")
        heard = len(peer.sound)
        assert heard - before < len(encode(f"You said: {story}"))
        await peer.send("user_message", text="Hello?")
        await peer.the("user_transcript")
        assert await does(client, spoken, ann, "say", sid, text="I am Ann.") == 200
        assert (await peer.the("agent_transcript"))["transcript"] == "I am Ann."
        words = encode("I am Ann.")
        assert (await sound_until(peer, heard + len(words)))[heard:] == words, "and no latency, which is the agent's"
        await clock_of(spoken).advance(10)
        assert await does(client, spoken, ann, "leave-call", sid) == 200
        await peer.send("user_message", text="fish")
        said = await peer.the("agent_transcript")
        assert said["transcript"] == "You said: fish"
