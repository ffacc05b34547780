"""`WS /agent/test-call`: a voice session in words and in sound, over a real socket."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.estate.coached import Listener, talker
from tests.estate.socket_client import PROTOCOLS, Doors, Peer, open_doors
from websockets.exceptions import InvalidStatus

from estate_fixture import Ground, break_ground
from house_fixture import open_house
from house_fixture import project as a_project
from parley.backends.clock import StillClock
from parley.backends.speech.scripted import ScriptedEar, ScriptedRecognizer, ScriptedSynthesizer, encode
from parley.domain.conversation_names import conversation_of
from parley.workspaces.estate import Speech
from watched_front import WatchedFront

PATH = "/agent/test-call"


def with_speech(ground: Ground) -> Ground:
    """The same ground, on which calls are heard and spoken."""
    estate = dataclasses.replace(ground.estate, speech=Speech(ScriptedRecognizer(), ScriptedSynthesizer()))
    return dataclasses.replace(ground, estate=estate, front=WatchedFront(ground.opened.house, estate=estate))


@pytest.fixture(params=PROTOCOLS)
async def doors(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[Doors]:
    async with open_doors(ground, request.param) as doors:
        yield doors


@pytest.fixture
async def spoken() -> AsyncIterator[Doors]:
    """Doors with speech, where no time passes by itself."""
    clock = StillClock(now_ms=2_000_000_000_000)
    async with open_doors(with_speech(await break_ground(await open_house(clock=clock)))) as doors:
        yield doors


async def active(doors: Doors) -> list[dict[str, Any]]:
    async with doors.ground.client() as client:
        return list((await client.get(doors.ground.at("/sessions/active"))).json())


async def asking(doors: Doors, **more: Any) -> dict[str, Any]:
    return {"workspace_id": doors.ground.ours.id, "service_id": await doors.service(), **more}


async def begun(peer: Peer) -> str:
    """The call's sid, once the agent has greeted."""
    sid = str((await peer.the("session_started"))["call_sid"])
    await peer.the("latency")
    return sid


async def a_task(doors: Doors, **state: Any) -> str:
    """Something to call about."""
    async with doors.ground.client() as client:
        at = doors.ground.at("/world/entities/crm:OutboundTask:1")
        return str((await client.put(at, json={"display_name": "Recall", "state": state})).json()["id"])


async def test_a_call_in_words_from_the_greeting_to_stop(doors: Doors) -> None:
    async with doors.open(PATH, **await asking(doors)) as peer:
        assert peer.connection.subprotocol == "auth"
        opening = await peer.until("ready")
        assert [frame["type"] for frame in opening] == ["session_started", "call_progress", "call_progress", "ready"]
        assert [frame["status"] for frame in opening[1:3]] == ["initializing", "ready"]
        assert opening[3]["output_sample_rate"] == 16_000
        said, took = await peer.until("latency")
        assert (said["transcript"], took["is_greeting"]) == ("Hello, you!", True)
        await peer.send("user_message", text="fish")
        heard, said, took = await peer.until("latency")
        assert (heard["type"], heard["transcript"], said["transcript"]) == ("user_transcript", "fish", "You said: fish")
        assert took["engine_ms"] == took["nav_ms"] + took["render_ms"] == took["e2e_ttfb_ms"] >= 0
        await peer.send("stop")
        assert await peer.rest() == [{"type": "session_ended", "reason": "stopped"}]
        assert peer.connection.close_code == 1000


async def test_a_session_ends_the_call_after_its_last_words(doors: Doors) -> None:
    async with doors.open(PATH, **await asking(doors)) as peer:
        await begun(peer)
        await peer.send("user_message", text="bye")
        said = await peer.rest()
        assert [frame["type"] for frame in said][-1] == "session_ended"
        assert said[-1]["reason"] == "end_of_diagram"
        assert peer.connection.close_code == 1000


async def test_a_call_is_listed_while_it_is_on_the_line_and_its_duration_grows(spoken: Doors) -> None:
    task = await a_task(spoken)
    asked = await asking(spoken, caller_id="%2B15550100", scenario="outbound", outbound_task_entity_id=task)
    async with spoken.open(PATH, **asked) as peer:
        sid = await begun(peer)
        (before,) = await active(spoken)
        assert before == {
            "call_sid": sid,
            "caller_id": "+15550100",
            "direction": "outbound",
            "duration_seconds": 0,
            "service_id": asked["service_id"],
            "workspace_id": asked["workspace_id"],
            "current_state": "main",
            "scenario": "outbound",
        }
        await clock_of(spoken).advance(90)
        assert (await active(spoken))[0]["duration_seconds"] == 90
        await peer.send("stop")
        await peer.closed()
        session = await spoken.ground.estate.injecting.recall(spoken.ground.ours, sid)
        assert session.state().ended == "hangup"
        async with spoken.ground.client() as client:
            at = spoken.ground.at(f"/conversations/{conversation_of(session.id)}")
            voice = (await client.get(at)).json()["voice"]
        assert [(each["role"], each["left_at"] is None) for each in voice["participants"]] == [
            ("caller", False),
            ("agent", False),
        ]
        assert voice["states_visited"] == ["main"]
    assert await active(spoken) == []


async def test_an_outbound_call_knows_its_task_and_what_becomes_of_it(doors: Doors) -> None:
    task = await a_task(doors, goal="book a visit")
    asked = await asking(doors, scenario="outbound", outbound_task_entity_id=task, version_set="release")
    async with doors.open(PATH, **asked) as peer:
        session = await doors.ground.estate.injecting.find(doors.ground.ours, await begun(peer))
        known = session.state().variables["entity"]
        assert (known["display_name"], known["state"]) == ("Recall", {"goal": "book a visit"})
        await a_task(doors, goal="cancel the visit")
        await peer.send("refresh_context")
        await peer.send("user_message", text="fish")
        await peer.the("latency")
        assert session.state().variables["entity"]["state"] == {"goal": "cancel the visit"}
        assert session.state().contact.context == {"entity": session.state().variables["entity"]}


async def test_on_a_silent_line_the_agent_waits_for_the_caller(doors: Doors) -> None:
    async with doors.open(PATH, **await asking(doors, scenario="silent")) as peer:
        await peer.the("ready")
        await peer.send("user_message", text="is anybody there?")
        assert (await peer.next())["type"] == "user_transcript"
        assert (await peer.next())["type"] == "agent_transcript"


async def test_a_prompt_for_this_call_alone_stands_with_the_system_text() -> None:
    model, whole = Listener(), a_project()
    environment = replace(whole.environments[0], program=talker())
    ground = await break_ground(await open_house(replace(whole, environments=(environment,)), model=model))
    async with open_doors(ground) as doors:
        asked = await asking(doors, system_prompt="Speak%20like%20a%20pirate.", scenario="silent")
        for query, ending in ((asked, "Speak like a pirate."), (await asking(doors, scenario="silent"), "")):
            async with doors.open(PATH, **query) as peer:
                await peer.the("ready")
                await peer.send("user_message", text="hello")
                await peer.send("user_message", text="hello again")
                assert (await peer.the("agent_transcript"))["transcript"] == "Noted."
                assert model.asked[-1].system == ending


async def test_the_wait_is_measured_up_to_the_first_sound(spoken: Doors) -> None:
    async with spoken.open(PATH, **await asking(spoken)) as peer:
        await begun(peer)
        await clock_of(spoken).advance(1)
        await peer.send("user_message", text="fish")
        frames = await peer.until("latency")
        assert [frame["type"] for frame in frames] == ["user_transcript", "agent_transcript", "latency"]
        assert frames[-1] == {
            "type": "latency",
            **dict.fromkeys(("engine_ms", "nav_ms", "render_ms", "audio_ttfb_ms", "e2e_ttfb_ms"), 0),
            **dict.fromkeys(("continuation", "is_greeting"), False),
        }, "no time passes here"


async def test_a_caller_who_hangs_up_ends_the_session(doors: Doors) -> None:
    stream = doors.ground.estate.events.open(doors.ground.ours.id, None)
    async with doors.open(PATH, **await asking(doors)) as peer:
        await begun(peer)
    async for event in stream.read():
        if event is not None and event.type == "call.ended":
            assert event.data["completion_reason"] == "caller_hangup"
            break


def clock_of(doors: Doors) -> StillClock:
    clock = doors.ground.opened.clock
    assert isinstance(clock, StillClock)
    return clock


async def sound_until(peer: Peer, size: int) -> bytes:
    """At least so much sound."""
    while len(peer.sound) < size:
        received = await peer.connection.recv()
        if isinstance(received, bytes):
            peer.sound += received
        else:
            assert '"type":"latency"' in received, received
    return peer.sound


async def test_a_call_in_sound_both_ways(spoken: Doors) -> None:
    async with spoken.open(PATH, **await asking(spoken)) as peer:
        await begun(peer)
        greeting = encode("Hello, you!")
        assert await sound_until(peer, len(greeting)) == greeting
        await clock_of(spoken).advance(1)
        peer.sound = b""
        spoken_words = encode("fish")
        for start in range(0, len(spoken_words), 333):
            await peer.connection.send(spoken_words[start : start + 333])
        heard, said = await peer.until("agent_transcript")
        assert (heard["transcript"], heard["stt_confidence"]) == ("fish", 1.0)
        answer = encode(said["transcript"])
        (understood,) = [
            each.text for each in ScriptedEar().hear(await sound_until(peer, len(answer))) if each.is_final
        ]
        assert understood == "You said: fish"


async def test_who_speaks_meanwhile_interrupts_and_the_rest_of_the_sound_is_not_sent(spoken: Doors) -> None:
    clock = clock_of(spoken)
    async with spoken.open(PATH, **await asking(spoken)) as peer:
        await begun(peer)
        await sound_until(peer, len(encode("Hello, you!")))
        await clock.advance(1)
        long = "a long story " * 40
        await peer.send("user_message", text=long)
        await peer.the("latency")
        peer.sound = b""
        await peer.connection.send(encode("stop it"))
        frames = await peer.until("agent_transcript")
        assert [frame["type"] for frame in frames] == ["interruption", "user_transcript", "agent_transcript"]
        assert 0 < len(peer.sound) < len(encode(long)) / 4, "what is left of it is not sent"
        peer.sound = b""
        answer = encode("You said: stop it")
        await clock.advance(1)
        assert await sound_until(peer, len(answer)) == answer


async def test_the_call_ends_although_its_last_words_are_interrupted(spoken: Doors) -> None:
    async with spoken.open(PATH, **await asking(spoken)) as peer:
        await begun(peer)
        await clock_of(spoken).advance(1)
        await peer.send("user_message", text="bye")
        await peer.the("agent_transcript", lambda frame: frame["transcript"] == "Goodbye.")
        await peer.connection.send(encode("wait"))
        assert (await peer.rest())[-1] == {"type": "session_ended", "reason": "end_of_diagram"}


async def test_facts_and_guidance_reach_the_session_and_count_as_delivered(doors: Doors) -> None:
    estate = doors.ground.estate
    receipts: list[Any] = []
    estate.injections.watch(lambda receipt: receipts.append((receipt.injection.kind, receipt.stage)))
    async with doors.open(PATH, **await asking(doors)) as peer:
        sid = await begun(peer)
        await peer.send("inject_event", message="It rains.", sender="weather")
        await peer.send("inject_guidance", message="Be brief.")
        await peer.send("refresh_context")
        async with doors.ground.client() as client:
            at = doors.ground.at(f"/sessions/{sid}/inject")
            assert (await client.post(at, json={"message": "x"})).json()["status"] == "delivered"
        await peer.send("user_message", text="fish")
        await peer.the("agent_transcript")
        session = await estate.injecting.find(doors.ground.ours, sid)
    assert {kind for kind, stage in receipts if stage == "accepted"} == {"external_event", "guidance"}
    log = await estate.audit.list(doors.ground.ours.id, type="session.injected")
    assert sorted(entry.data["sender"] for entry in log) == ["System", "System", "weather"]
    assert session.state().variables["last_injection"]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"type": "dance"}',
        '{"type": "stop", "more": ' + "[" * 100_000,
        '{"type": "user_message"}',
        '{"type": "user_message", "text": "  "}',
        '{"type": "user_message", "text": 1}',
        '{"type": "inject_event", "message": ""}',
        '{"type": "inject_guidance", "message": " \\n"}',
        '{"type": "inject_event", "message": "%s"}' % ("x" * 5001),
        '{"type": "inject_event", "message": "x", "sender": "%s"}' % ("x" * 201),
        b"\x01\x02\x03",
    ],
)
async def test_a_bad_frame_is_answered_and_the_call_goes_on(doors: Doors, frame: str | bytes) -> None:
    async with doors.open(PATH, **await asking(doors)) as peer:
        await begun(peer)
        await peer.connection.send(frame)
        assert (await peer.next())["type"] == "error"
        await peer.send("user_message", text="fish")
        assert (await peer.the("agent_transcript"))["transcript"] == "You said: fish"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service_id": "x"}, 4001),
        ({"workspace_id": "x"}, 4001),
        ({"sample_rate": "7999"}, 4001),
        ({"sample_rate": "fast"}, 4001),
        ({"scenario": "party"}, 4001),
        ({"scenario": "outbound"}, 4001),
        ({"scenario": "outbound", "outbound_task_entity_id": "x"}, 4001),
        ({"scenario": "outbound", "outbound_task_entity_id": "00000000-0000-0000-0000-000000000001"}, 4404),
        ({"version_set": "nightly"}, 4001),
        ({"system_prompt": "x" * 5_001}, 4001),
        ({"service_id": "00000000-0000-0000-0000-000000000001"}, 4404),
        ({"workspace_id": "00000000-0000-0000-0000-000000000001"}, 4003),
    ],
)
async def test_bad_parameters_are_turned_away(doors: Doors, changed: dict[str, Any], code: int) -> None:
    assert await doors.code(PATH, **{**await asking(doors), **changed}) == code


async def test_a_query_that_is_too_long_is_refused_at_once(ground: Ground) -> None:
    async with open_doors(ground) as doors:
        with pytest.raises(InvalidStatus) as refused:
            await doors.code(PATH, **await asking(doors, system_prompt="x" * 9_000))
        assert refused.value.response.status_code == 414


async def test_keys_that_may_not_call_are_turned_away(doors: Doors) -> None:
    asked = await asking(doors)
    assert await doors.code(PATH, None, **asked) == 4001
    assert await doors.code(PATH, "nonsense", **asked) == 4001
    assert await doors.code(PATH, "viewer", **asked) == 4003
    assert await doors.code(PATH, doors.ground.foreign_key, **asked) == 4003
    assert await doors.code(PATH, None, **asked, token=doors.ground.keys["owner"]) == 4001


async def test_a_key_that_is_revoked_ends_the_call(spoken: Doors) -> None:
    estate, ours = spoken.ground.estate, spoken.ground.ours
    key, plain = await estate.keys.create(ours.id, "member", 1)
    async with spoken.open(PATH, plain, **await asking(spoken)) as peer:
        await begun(peer)
        await estate.keys.revoke(ours.id, key.id)
        assert await peer.closed() == 4001


async def test_many_callers_hear_nothing_of_each_other(doors: Doors) -> None:
    async def call(n: int) -> str:
        async with doors.open(PATH, **await asking(doors)) as peer:
            await begun(peer)
            await peer.send("user_message", text=f"fish {n}")
            return str((await peer.the("agent_transcript"))["transcript"])

    assert await asyncio.gather(*map(call, range(20))) == [f"You said: fish {n}" for n in range(20)]


async def test_no_call_is_on_the_line_where_nobody_calls(client: httpx.AsyncClient, ground: Ground) -> None:
    assert (await client.get(ground.at("/sessions/active"))).json() == []
