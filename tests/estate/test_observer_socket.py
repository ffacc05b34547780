"""Watching a conversation over `WS …/observers/{call_sid}/ws`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from tests.estate.coached import Listener, talker
from tests.estate.socket_client import PROTOCOLS, Doors, Frame, Peer, open_doors
from tests.estate.test_call_socket import PATH as CALL
from tests.estate.test_call_socket import asking, clock_of, with_speech
from tests.estate.test_text_socket import STREAM, greeted, using_a_tool

from estate_fixture import Ground, break_ground
from house_fixture import open_house, project
from parley.backends.clock import StillClock
from parley.backends.speech.scripted import encode
from parley.domain.conversation_names import call_of, conversation_of
from parley.domain.ids import UserID
from parley.domain.traces import FlowPayload, FlowTrace
from parley.engine.turn import Turn
from parley.session.handle import SessionHandle

FRAMES = json.loads((Path(__file__).parents[1] / "fixtures" / "observer_frames.json").read_text("utf-8"))


@pytest.fixture(params=PROTOCOLS)
async def doors(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[Doors]:
    async with open_doors(ground, request.param) as doors:
        yield doors


@pytest.fixture
async def still() -> AsyncIterator[Doors]:
    """Doors with speech, where no time passes by itself."""
    clock = StillClock(now_ms=2_000_000_000_000)
    async with open_doors(with_speech(await break_ground(await open_house(clock=clock)))) as doors:
        yield doors


def at(doors: Doors, name: str) -> str:
    return doors.ground.at(f"/observers/{name}/ws")


async def a_session(doors: Doors) -> SessionHandle:
    """A conversation in words that has begun."""
    estate = doors.ground.estate
    session = await estate.talks.with_visitor((await estate.services.of(doors.ground.ours))[0])
    await (await estate.talks.greet(session)).whole()
    return session


async def say(doors: Doors, session: SessionHandle, text: str, *, streams: bool = False) -> None:
    await (await doors.ground.estate.talks.say(session, text, streams=streams)).whole()


async def shown(peer: Peer, type: str) -> Frame:
    """The next frame of this type; each before it, and it, is as documented."""
    frames = await peer.until(type)
    for frame in frames:
        check(frame)
    return frames[-1]


def check(frame: Frame) -> None:
    """A frame of the documented union is as it says."""
    if frame["type"] in FRAMES:
        Draft202012Validator(FRAMES[frame["type"]]).validate(frame)
    else:
        assert frame["type"] in {"injection", "ping", "participant_mode_changed"}, frame


async def test_a_watcher_sees_a_conversation_from_the_snapshot_to_the_end(doors: Doors) -> None:
    session = await a_session(doors)
    sid = call_of(session.id)
    async with doors.open(at(doors, sid), "viewer") as peer:
        assert peer.connection.subprotocol == "auth"
        info, start = await peer.next(), await peer.next()
        check(info)
        check(start)
        assert (info["type"], info["call_sid"], info["workspace_id"]) == ("session_info", sid, doors.ground.ours.id)
        assert (info["current_state"], info["direction"]) == ("main", "inbound")
        assert (start["type"], start["service_id"]) == ("session_start", await doors.service())
        await say(doors, session, "fish")
        assert (await shown(peer, "user_transcript"))["transcript"] == "fish"
        assert (await shown(peer, "agent_transcript"))["transcript"] == "You said: fish"
        await say(doors, session, "bye")
        rest = await peer.rest()
        for frame in rest:
            check(frame)
        assert [frame["type"] for frame in rest] == ["user_transcript", "latency", "agent_transcript", "session_end"]
        assert rest[1]["e2e_ttfb_ms"] == rest[1]["engine_ms"] >= 0
        assert (rest[-1]["completion_reason"], rest[-1]["turns"]) == ("completed", 3)
        assert peer.connection.close_code == 1000


async def test_a_conversation_that_another_door_began_has_its_service_everywhere(doors: Doors) -> None:
    house, service = doors.ground.opened.house, await doors.service()
    project = next(iter(house.catalog.projects()))
    session, _ = await house.directory.obtain(project.id, UserID("ada"), project.environments[0])
    async with doors.open(at(doors, call_of(session.id))) as peer:
        assert [(await peer.next())["service_id"] for _ in range(2)] == [service, service]
    async with doors.ground.client() as client:
        one = (await client.get(doors.ground.at(f"/conversations/{conversation_of(session.id)}"))).json()
        listed = (await client.get(doors.ground.at("/conversations"))).json()["items"]
    assert [each["service_id"] for each in (one, *listed)] == [service, service]


@pytest.mark.parametrize("name", [call_of, conversation_of])
async def test_both_names_of_a_session_are_good(doors: Doors, name: Any) -> None:
    session = await a_session(doors)
    async with doors.open(at(doors, name(session.id))) as peer:
        assert (await peer.next())["call_sid"] == call_of(session.id)


async def test_to_watch_is_not_to_listen_and_is_written_down(doors: Doors) -> None:
    session = await a_session(doors)
    async with doors.open(at(doors, call_of(session.id)), "viewer") as peer:
        await shown(peer, "session_start")
        (entry,) = await doors.ground.estate.audit.list(doors.ground.ours.id, type="operator.viewed_transcript")
        assert entry.data == {"session_id": session.id, "call_sid": call_of(session.id)}
        async with doors.ground.client() as client:
            inject = doors.ground.at(f"/sessions/{call_of(session.id)}/inject")
            told = (await client.post(inject, json={"message": "It rains.", "sender": "weather"})).json()
        assert told["status"] == "queued_no_subscriber"
        seen = await shown(peer, "injection")
        assert (seen["injection_id"], seen["stage"], seen["message"]) == (told["injection_id"], "queued", "It rains.")
        await say(doors, session, "fish")
        used = await peer.the("injection")
        assert (used["injection_id"], used["stage"]) == (told["injection_id"], "shown")
        assert used["turn_id"]


async def test_operators_are_seen_to_come_and_to_speak_and_to_go(doors: Doors) -> None:
    session = await a_session(doors)
    sid = call_of(session.id)
    async with doors.ground.client() as client:
        made = await client.post(doors.ground.at("/operators"), json={"name": "Ann", "email": "ann@x.org"})
        operator = doors.ground.at(f"/operators/{made.json()['id']}")
        async with doors.open(at(doors, sid)) as peer:
            await shown(peer, "session_start")
            await client.post(f"{operator}/join-call", json={"call_sid": sid, "mode": "takeover"})
            joined = await shown(peer, "participant_joined")
            assert (joined["participant_role"], joined["participant_name"]) == ("operator", "Ann")
            async with doors.open(at(doors, sid)) as late:
                assert (await shown(late, "participant_joined"))["participant_id"] == joined["participant_id"]
            said = await client.post(f"{operator}/say", json={"call_sid": sid, "text": "This is Ann."})
            assert said.is_success, said.text
            told = await shown(peer, "agent_transcript")
            assert (told["transcript"], told["speaker_role"]) == ("This is Ann.", "operator")
            await client.post(f"{operator}/leave-call", json={"call_sid": sid})
            assert (await shown(peer, "participant_left"))["participant_id"] == joined["participant_id"]


async def test_a_watcher_of_a_call_sees_how_sure_the_ear_was_and_who_interrupted_whom(still: Doors) -> None:
    async with still.open(CALL, **await asking(still)) as caller:
        sid = (await caller.the("session_started"))["call_sid"]
        await caller.the("agent_transcript")
        await clock_of(still).advance(1)
        async with still.open(at(still, sid)) as peer:
            assert (await shown(peer, "session_info"))["direction"] == "test"
            long = "a long story " * 40
            await caller.send("user_message", text=long)
            heard = await shown(peer, "user_transcript")
            assert (heard["is_barge_in"], heard["stt_confidence"], heard["state"]) == (False, 1.0, "main")
            await caller.the("agent_transcript")
            await caller.connection.send(encode("stop it"))
            barge = await shown(peer, "barge_in")
            assert (barge["interrupted_text"], barge["total_barge_ins"]) == (f"You said: {long}", 1)
            assert (await shown(peer, "user_transcript"))["is_barge_in"] is True
            await caller.send("stop")
            assert (await shown(peer, "session_end"))["completion_reason"] == "caller_hangup"


async def walking(turn: Turn) -> None:
    """An engine that goes into two workflows and uses a tool in the second."""
    turn.emit(FlowTrace(FlowPayload("main", "Main")))
    turn.emit(FlowTrace(FlowPayload("billing", "Billing")))
    await using_a_tool(turn)


async def test_tools_and_changes_of_workflow_are_seen() -> None:
    ground = await break_ground(await open_house(engine=walking))
    async with open_doors(ground) as doors:
        session = await a_session(doors)
        async with doors.open(at(doors, call_of(session.id))) as peer:
            await shown(peer, "session_start")
            await say(doors, session, "fish")
            await shown(peer, "state_transition")
            moved = await shown(peer, "state_transition")
            assert (moved["previous_state"], moved["next_state"]) == ("main", "billing")
            assert moved["annotation"] == "Billing"
            begun = await shown(peer, "tool_call_started")
            assert (begun["tool_name"], begun["input"]) == ("weather", {"city": "Oslo"})
            over = await shown(peer, "tool_call_completed")
            assert (over["call_id"], over["succeeded"]) == (begun["call_id"], False)
            assert over["duration_ms"] >= 0 and over["error_message"]


async def test_what_is_written_piece_by_piece_is_seen_so_and_then_whole() -> None:
    whole = project()
    environment = replace(whole.environments[0], program=talker())
    ground = await break_ground(await open_house(replace(whole, environments=(environment,)), model=Listener()))
    async with open_doors(ground) as doors:
        session = await a_session(doors)
        async with doors.open(at(doors, call_of(session.id))) as peer:
            await shown(peer, "session_start")
            await say(doors, session, "fish", streams=True)
            assert (await shown(peer, "agent_transcript_delta"))["delta"] == "Noted."
            told = await shown(peer, "agent_transcript")
            assert (told["transcript"], told["streaming"]) == ("Noted.", True)


async def test_a_quiet_conversation_is_watched_without_the_watchdog_firing(still: Doors) -> None:
    session = await a_session(still)
    async with still.open(at(still, call_of(session.id))) as peer:
        await shown(peer, "session_start")
        for _ in range(6):
            await clock_of(still).advance(20)
            assert await peer.next() == {"type": "ping"}


async def test_a_key_that_expires_ends_the_watching(still: Doors) -> None:
    session, estate = await a_session(still), still.ground.estate
    _, plain = await estate.keys.create(still.ground.ours.id, "viewer", 1)
    async with still.open(at(still, call_of(session.id)), plain) as peer:
        await shown(peer, "session_start")
        await clock_of(still).advance(24 * 60 * 60 + 1)
        assert await peer.closed() == 4100


async def test_those_who_may_not_watch_and_what_is_not_there_are_turned_away(doors: Doors) -> None:
    session = await a_session(doors)
    here = at(doors, call_of(session.id))
    assert await doors.code(here, None) == 4001
    assert await doors.code(here, None, token=doors.ground.keys["owner"]) == 4001
    assert await doors.code(here, "nonsense") == 4001
    assert await doors.code(here, doors.ground.foreign_key) == 4003
    assert await doors.code(here.replace(doors.ground.ours.id, doors.ground.foreign.id), "owner") == 4003
    theirs = here.replace(doors.ground.ours.id, doors.ground.foreign.id)
    assert await doors.code(theirs, doors.ground.foreign_key) == 4004
    for name in ("CA" + "0" * 32, "sess_1", "x", conversation_of(session.id)[::-1]):
        assert await doors.code(at(doors, name)) == 4004


async def test_an_ended_session_is_shown_as_that(doors: Doors) -> None:
    session = await a_session(doors)
    await doors.ground.estate.talks.close(session)
    async with doors.open(at(doors, call_of(session.id))) as peer:
        frames = await peer.rest()
    assert [frame["type"] for frame in frames] == ["session_info", "session_start", "session_end"]


async def test_only_so_many_may_watch_at_once(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await a_session(doors)
    monkeypatch.setattr(doors.ground.estate.observers, "_at_most", 2)
    here = at(doors, call_of(session.id))
    async with doors.open(here) as one, doors.open(here) as other:
        await asyncio.gather(one.next(), other.next())
        assert await doors.code(here) == 4029
    async with doors.open(here) as again:
        await shown(again, "session_info")


async def test_who_leaves_is_forgotten(doors: Doors) -> None:
    session = await a_session(doors)
    async with doors.open(at(doors, call_of(session.id)), "viewer") as peer:
        await shown(peer, "session_start")
    async with doors.open(STREAM, **await asking(doors)) as client:
        await greeted(client)
    await say(doors, session, "fish")
    assert session.listeners == 0
