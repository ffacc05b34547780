"""Conversations in words over sockets: `sessions/connect` and `/agent/text-stream`."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.estate.socket_client import PROTOCOLS, Doors, Frame, Peer, open_doors
from websockets.exceptions import ConnectionClosed

from estate_fixture import Ground, break_ground
from failing_store import FailingStore
from house_fixture import open_house, project
from parley.backends.clock import StillClock, SystemClock
from parley.domain.conversation_names import conversation_of
from parley.domain.ids import ProjectID
from parley.domain.steps import Message
from parley.engine.saying import emit_text
from parley.engine.templates import slate_of
from parley.engine.tools.use import use
from parley.engine.turn import Turn
from parley.ports.llm import ToolCall

STREAM = "/agent/text-stream"
NOBODY = str(uuid.UUID(int=1))


@pytest.fixture(params=PROTOCOLS)
async def doors(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[Doors]:
    async with open_doors(ground, request.param) as doors:
        yield doors


async def entity(doors: Doors) -> str:
    """A person who is known."""
    async with doors.ground.client() as client:
        made = await client.put(
            doors.ground.at("/world/entities/crm:Patient:1"), json={"entity_type": "patient", "display_name": "Ada"}
        )
        assert made.is_success, made.text
        return str(made.json()["id"])


async def asking(doors: Doors, **more: Any) -> dict[str, Any]:
    return {"workspace_id": doors.ground.ours.id, "service_id": await doors.service(), **more}


def connecting(doors: Doors) -> str:
    return doors.ground.at("/sessions/connect")


async def greeted(peer: Peer) -> str:
    """The conversation's id, once the agent has greeted."""
    return str((await peer.until("response_complete"))[0]["conversation_id"])


def texts(frames: list[Frame]) -> list[str]:
    return [frame["text"] for frame in frames if frame["type"] == "message"]


async def test_a_person_who_is_known_is_greeted_answered_and_leaves(doors: Doors) -> None:
    asked = {"service_id": await doors.service(), "entity_id": await entity(doors)}
    async with doors.open(connecting(doors), **asked) as peer:
        assert peer.connection.subprotocol == "auth"
        frames = await peer.until("response_complete")
        assert len(frames) == 4, frames
        started, typing, greeting, complete = frames
        assert started == {
            "type": "session_started",
            "session_id": started["conversation_id"],
            "conversation_id": started["conversation_id"],
        }
        assert typing == {"type": "typing"}
        assert (greeting["type"], greeting["text"], greeting["role"]) == ("message", "Hello, you!", "agent")
        assert complete == {"type": "response_complete", "duplicate": False}
        await peer.send("message", text="fish")
        assert await peer.until("response_complete") == [
            {"type": "typing"},
            {"type": "message", "role": "agent", "text": "You said: fish"},
            {"type": "response_complete", "duplicate": False},
        ]
        await peer.send("stop")
        assert await peer.rest() == [{"type": "session_ended", "reason": "stopped"}]
        assert peer.connection.close_code == 1000


async def test_the_conversation_outlives_the_socket_and_is_taken_up_again(doors: Doors) -> None:
    asked = {"service_id": await doors.service(), "entity_id": await entity(doors)}
    async with doors.open(connecting(doors), **asked) as peer:
        conversation = await greeted(peer)
        await peer.send("stop")
        await peer.closed()
    async with doors.open(connecting(doors), **asked) as peer:
        assert (await peer.next())["conversation_id"] == conversation
        await peer.send("message", text="again")
        assert texts(await peer.until("response_complete")) == ["You said: again"]
    async with doors.ground.client() as client:
        at = doors.ground.at(f"/conversations/{conversation}")
        shown = (await client.get(at)).json()
    assert [turn["text"] for turn in shown["turns"]] == ["Hello, you!", "again", "You said: again"]


async def test_a_visitor_talks_and_comes_back_with_the_conversation(doors: Doors) -> None:
    asked = await asking(doors)
    async with doors.open(STREAM, **asked) as peer:
        conversation = await greeted(peer)
    async with doors.open(STREAM, **asked, conversation_id=conversation) as peer:
        await peer.send("message", text="it is me")
        assert texts(await peer.until("response_complete")) == ["You said: it is me"]


async def test_a_message_that_is_sent_twice_is_answered_once(doors: Doors) -> None:
    asked = await asking(doors)
    async with doors.open(STREAM, **asked) as peer:
        conversation = await greeted(peer)
        await peer.send("message", text="fish", client_message_id="m-1")
        assert texts(await peer.until("response_complete")) == ["You said: fish"]
        await peer.send("message", text="fish", client_message_id="m-1")
        assert await peer.next() == {"type": "response_complete", "duplicate": True}
    async with doors.open(STREAM, **asked, conversation_id=conversation) as peer:
        await peer.next()
        await peer.send("message", text="fish", client_message_id="m-1")
        assert await peer.until("response_complete") == [
            {"type": "message", "role": "agent", "text": "You said: fish"},
            {"type": "response_complete", "duplicate": True},
        ], "who lost the answer with the connection gets it"


async def test_a_message_of_any_name_is_answered(doors: Doors) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        await greeted(peer)
        await peer.send("message", text="fish", client_message_id="greeting")
        assert texts(await peer.until("response_complete")) == ["You said: fish"]


async def test_who_comes_with_a_conversation_that_is_not_to_begin_yet_is_not_greeted(doors: Doors) -> None:
    asked = await asking(doors)
    async with doors.ground.client() as client:
        body = {"service_id": asked["service_id"], "auto_greet": False}
        made = (await client.post(doors.ground.at("/conversations"), json=body)).json()
    async with doors.open(STREAM, **asked, conversation_id=made["id"]) as peer:
        await peer.send("message", text="fish")
        frames = await peer.until("response_complete")
        assert [frame["type"] for frame in frames[:2]] == ["session_started", "typing"]


async def test_one_client_has_a_conversation_and_others_are_turned_away_until_it_leaves(doors: Doors) -> None:
    asked = await asking(doors)
    async with doors.open(STREAM, **asked) as peer:
        conversation = await greeted(peer)
        assert await doors.code(STREAM, **asked, conversation_id=conversation) == 4409
        await peer.send("message", text="still me")
        assert texts(await peer.until("response_complete")) == ["You said: still me"]
        await peer.send("stop")
        await peer.closed()
    async with doors.open(STREAM, **asked, conversation_id=conversation) as peer:
        assert (await peer.next())["conversation_id"] == conversation


async def test_of_many_who_connect_at_once_one_gets_the_conversation(doors: Doors) -> None:
    asked = {"service_id": await doors.service(), "entity_id": await entity(doors)}
    together = asyncio.Event()
    waiting: set[int] = set()

    async def connect(n: int) -> str:
        async with doors.open(connecting(doors), **asked) as peer:
            frames = await peer.until("response_complete") if (first := await _first(peer)) else []
            waiting.add(n)
            if len(waiting) == 5:
                together.set()
            await together.wait()
            return "greeted" if first and texts(frames) == ["Hello, you!"] else str(peer.connection.close_code)

    assert sorted(await asyncio.gather(*map(connect, range(5)))) == ["4409"] * 4 + ["greeted"]


async def _first(peer: Peer) -> Frame | None:
    """The first frame; None where the server closes."""
    try:
        return await peer.next()
    except ConnectionClosed:
        return None


async def test_what_others_cause_reaches_the_client_too(doors: Doors) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        conversation = await greeted(peer)
        async with doors.ground.client() as client:
            at = doors.ground.at(f"/conversations/{conversation}/turns")
            assert (await client.post(at, json={"message": "from afar"})).status_code == 200
            at = doors.ground.at(f"/sessions/{conversation}/inject")
            told = (await client.post(at, json={"message": "It rains."})).json()
            assert told["status"] == "delivered"
        assert await peer.next() == {"type": "message", "role": "agent", "text": "You said: from afar"}


async def test_the_end_of_the_conversation_is_told_and_closes(doors: Doors) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        await greeted(peer)
        await peer.send("message", text="bye")
        frames = await peer.rest()
        assert texts(frames) == ["Goodbye."]
        assert frames[-2:] == [
            {"type": "response_complete", "duplicate": False},
            {"type": "session_ended", "reason": "completed"},
        ]
        assert peer.connection.close_code == 1000


async def test_a_conversation_that_is_closed_elsewhere_ends_here(doors: Doors) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        conversation = await greeted(peer)
        async with doors.ground.client() as client:
            await client.delete(doors.ground.at(f"/conversations/{conversation}"))
        assert await peer.rest() == [{"type": "session_ended", "reason": "completed"}]


@pytest.mark.parametrize(
    "frame",
    [
        "hello",
        "{}",
        "[]",
        '{"type": "message"}',
        '{"type": "message", "text": ""}',
        '{"type": "message", "text": " \\n"}',
        '{"type": "message", "text": "%s"}' % ("x" * 10_001),
        '{"type": "message", "text": "x", "client_message_id": ""}',
        '{"type": "message", "text": "x", "client_message_id": "parley greeting"}',
        '{"type": "dance"}',
        '{"type": "stop", "more": ' + "[" * 100_000,
        b"\x00\xff",
    ],
)
async def test_a_bad_frame_is_answered_and_the_connection_stays(doors: Doors, frame: str | bytes) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        await greeted(peer)
        await peer.connection.send(frame)
        assert (await peer.next())["type"] == "error"
        await peer.send("message", text="fish")
        assert texts(await peer.until("response_complete")) == ["You said: fish"]


async def test_tokens_in_the_query_are_a_fallback_on_one_and_refused_on_the_other(doors: Doors) -> None:
    asked, token = await asking(doors), doors.ground.keys["member"]
    async with doors.open(STREAM, None, **asked, token=token) as peer:
        assert (await peer.next())["type"] == "session_started"
        assert peer.connection.subprotocol is None
    assert await doors.code(STREAM, None, **asked, token="nonsense") == 4001
    known = {"service_id": asked["service_id"], "entity_id": await entity(doors)}
    for key in (None, "member"):
        assert await doors.code(connecting(doors), key, **known, token=token) == 4001


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"service_id": "x"}, 4001),
        ({"workspace_id": "x"}, 4001),
        ({"entity_id": "x"}, 4001),
        ({"tool_events": "perhaps"}, 4001),
        ({"conversation_id": "x"}, 4400),
        ({"service_id": NOBODY}, 4404),
        ({"entity_id": NOBODY}, 4404),
        ({"conversation_id": NOBODY}, 4404),
        ({"conversation_id": "01234567-89ab-8000-8cde-f01234567000"}, 4404),
        ({"workspace_id": NOBODY}, 4003),
    ],
)
async def test_bad_parameters_are_turned_away(doors: Doors, changed: dict[str, Any], code: int) -> None:
    assert await doors.code(STREAM, **{**await asking(doors), **changed}) == code


async def test_who_connects_says_with_whom(doors: Doors) -> None:
    assert await doors.code(connecting(doors), service_id=await doors.service()) == 4001


async def test_conversations_that_are_not_this_ones_are_turned_away(doors: Doors) -> None:
    asked, somebody = await asking(doors), await entity(doors)
    async with doors.open(STREAM, **asked) as peer:
        conversation = await greeted(peer)
    assert await doors.code(STREAM, **asked, conversation_id=conversation, entity_id=somebody) == 4400
    async with doors.ground.client() as client:
        await client.delete(doors.ground.at(f"/conversations/{conversation}"))
    assert await doors.code(STREAM, **asked, conversation_id=conversation) == 4400


async def test_a_conversation_of_another_workspace_is_not_found() -> None:
    ground = await break_ground(await open_house(project(), project("other")))
    foreign = await ground.estate.workspaces.claim(ground.foreign.id, [ProjectID("other")])
    service = (await ground.estate.services.of(foreign))[0].id
    async with open_doors(ground) as doors:
        async with doors.open(STREAM, **await asking(doors)) as peer:
            conversation = await greeted(peer)
        asked = {"workspace_id": foreign.id, "service_id": service, "conversation_id": conversation}
        assert await doors.code(STREAM, ground.foreign_key, **asked) == 4404


async def using_a_tool(turn: Turn) -> None:
    """An engine that uses a tool and says so."""
    await use([ToolCall("c1", "weather", '{"city": "Oslo"}')], turn, Message(turn.program.workflows["main"].start))
    emit_text("Looked.", slate_of("Looked."), None, turn)


@pytest.mark.parametrize("wanted", [True, False])
async def test_tools_are_told_of_unless_they_are_not_wanted(wanted: bool) -> None:
    ground = await break_ground(await open_house(engine=using_a_tool))
    async with (
        open_doors(ground) as doors,
        doors.open(STREAM, **await asking(doors), tool_events=str(wanted).lower()) as peer,
    ):
        frames = [each for each in await peer.until("response_complete") if each["type"].startswith("tool")]
    if not wanted:
        assert frames == []
        return
    begun, over = frames
    assert begun == {
        "type": "tool_call_started",
        "tool_name": "weather",
        "call_id": "c1",
        "input": '{"city":"Oslo"}',
    }
    assert (over["type"], over["call_id"], over["succeeded"]) == ("tool_call_completed", "c1", False)
    assert "there is no tool" in over["result"]


async def test_a_quiet_client_gets_a_ping_and_one_whose_key_is_over_is_sent_away() -> None:
    clock = StillClock(now_ms=2_000_000_000_000)
    ground = await break_ground(await open_house(clock=clock))
    key, plain = await ground.estate.keys.create(ground.ours.id, "member", 1)
    async with open_doors(ground) as doors, doors.open(STREAM, plain, **await asking(doors)) as peer:
        await greeted(peer)
        await clock.advance(20)
        assert await peer.next() == {"type": "ping"}
        await peer.send("pong")
        await ground.estate.keys.rotate(ground.ours.id, key.id, 1)
        assert await peer.closed() == 4001


async def test_a_turn_that_cannot_be_saved_is_told_as_an_error() -> None:
    store = FailingStore(clock=SystemClock())
    ground = await break_ground(await open_house(store=store))
    async with open_doors(ground) as doors, doors.open(STREAM, **await asking(doors)) as peer:
        conversation = await greeted(peer)
        store.fails = {"commit"}
        await peer.send("message", text="fish")
        assert (await peer.the("error"))["message"] == "The disk is full."
        assert await peer.closed() == 1013, "who connects again finds it as it was saved"
        store.fails = set()
        async with doors.open(STREAM, **await asking(doors), conversation_id=conversation) as again:
            await again.send("message", text="fish")
            assert texts(await again.until("response_complete"))[-1:] == ["You said: fish"]


async def test_parts_come_with_messages_as_with_turns_over_http(doors: Doors) -> None:
    async with doors.open(STREAM, **await asking(doors)) as peer:
        conversation = await greeted(peer)
        picture = {"type": "image", "url": "https://pictures.test/cat.png"}
        await peer.send("message", text="fish", content=[picture])
        assert texts(await peer.until("response_complete")) == ["You said: fish"]
        await peer.send("message", content=[{**picture, "type": "Image"}])
        assert "content.0.type" in (await peer.next())["message"]
        await peer.send("message", text="fish", media_type="image/png")
        assert "media_url" in (await peer.next())["message"]
    async with doors.ground.client() as client:
        shown = (await client.get(doors.ground.at(f"/conversations/{conversation}"))).json()
    heard = next(turn for turn in shown["turns"] if turn["role"] == "user")
    assert (heard["text"], heard["content"][0]["url"]) == ("fish", picture["url"])


async def test_a_call_belongs_to_its_caller(doors: Doors) -> None:
    asked = await asking(doors)
    async with doors.open("/agent/test-call", **asked) as peer:
        sid = str((await peer.the("session_started"))["call_sid"])
        session = await doors.ground.estate.injecting.find(doors.ground.ours, sid)
        conversation = conversation_of(session.id)
        assert await doors.code(STREAM, **asked, conversation_id=conversation) == 4409
