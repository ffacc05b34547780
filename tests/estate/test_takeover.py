"""A person takes over: what the user sees, what the agent knows afterwards, and who has the conversation when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.estate.desk import Desk, open_desk, settled
from tests.estate.socket_client import open_doors

from parley.backends.llm.scripted import script_of
from parley.domain.actions import Launch
from parley.ports.llm import Asked, Piece
from parley.session.handle import Post
from parley.transports.platform.observer_socket import ATTENDED
from parley.workspaces.supervising import LEASE_MS


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


async def status_of(desk: Desk, operator: str) -> tuple[Any, str]:
    shown = await desk.get(f"/operators/{operator}")
    return shown["active_call_sid"], shown["status"]


async def test_a_flow_that_hands_over_goes_on_where_it_stands_once_the_person_leaves(desk: Desk) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    assert await ada.says("fish") == ["You said fish.", "chat_started: One moment, Ada."]
    before = len(ada.shown)
    await desk.does(ann, "join-call", ada)
    await desk.does(ann, "say", ada, text="I am Ann.")
    assert await ada.says("At last.") == []
    assert await ada.does({"type": "live-agent-handoff", "payload": {"type": "message", "message": "So?"}}) == []
    await desk.does(ann, "leave-call", ada)
    assert ada.shown[before:] == [
        "participant_joined: ",
        "message_received: I am Ann.",
        "chat_ended: ",
        "Back with the robot.",
        "More?",
    ]
    memory = str(ada.session.state().storage)
    places = [memory.index(words) for words in ("fish", "I am Ann.", "At last.", "So?", "Back with the robot.")]
    assert places == sorted(places)


@pytest.mark.parametrize("words", ["order", "person"])
async def test_a_playbook_that_hands_over_goes_on_too(desk: Desk, words: str) -> None:
    ada, ann = await desk.caller("think"), await desk.operator("ann")
    await ada.says(words)
    if words == "order":
        assert await ada.says("help") == ["chat_started: One moment, please."]
    await desk.does(ann, "join-call", ada)
    assert await ada.says("order order") == []
    await desk.does(ann, "say", ada, text="I am Ann.")
    before = len(ada.shown)
    await desk.does(ann, "leave-call", ada)
    expected = "And on we go." if words == "order" else "Back at the desk."
    assert ada.shown[before:][:2] == ["chat_ended: ", expected]


ACTIONS = [
    {"type": "launch"},
    {"type": "launch", "payload": {"resetState": True}},
    {"type": "text", "payload": "order"},
    {"type": "text", "payload": "human please"},
    {"type": "intent", "payload": {"intent": {"name": "human"}, "query": "human please", "entities": []}},
    {"type": "event", "payload": {"event": {"name": "paid"}}},
    {"type": "path-1", "payload": {"label": "Yes"}},
    {"type": "no-reply"},
    {"type": "dtmf", "payload": "1"},
    {"type": "live-agent-handoff", "payload": {"type": "message", "message": "order"}},
    {"type": "live-agent-handoff", "payload": {"type": "return_to_voiceflow"}},
    {"type": "live-agent-event", "payload": {"event": "chat_ended"}},
    {"type": "anything", "payload": 1},
]


@pytest.mark.parametrize("channel", ["web", "voice"])
@pytest.mark.parametrize("project", ["flow", "think"])
async def test_nothing_wakes_the_agent_while_a_person_has_the_conversation(
    desk: Desk, project: str, channel: str
) -> None:
    ada, ann = await desk.caller(project, channel), await desk.operator("ann")
    await desk.does(ann, "join-call", ada)
    for action in ACTIONS:
        assert await ada.does(action) == [], action
    inject = desk.ground.at(f"/sessions/{ada.sid}/inject")
    assert (await desk.client.post(inject, json={"message": "paid"})).status_code == 200
    await desk.does(ann, "send-guidance", ada, message="Offer tea.")
    assert await ada.says("Hm?") == []
    for words in ("paid", "Offer tea."):
        assert words not in str(ada.session.state().storage), "it waits until the agent goes on"
    await desk.does(ann, "leave-call", ada)
    assert await ada.says("order") != []
    for words in ("paid", "Offer tea."):
        assert words in str(ada.session.state().storage)


class Slow:
    """A model that begins to answer and waits to be told to go on."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.goes_on = asyncio.Event()
        self._script = script_of("- {answer: I will give you a refund.}")

    async def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        self.asked.append(asked)
        await self.goes_on.wait()
        async for piece in self._script.answer(asked):
            yield piece


@pytest.mark.timeout(60)
async def test_an_agent_that_is_thinking_is_cut_short(tmp_path: Path) -> None:
    model = Slow()
    async with open_desk(tmp_path, model=model) as desk:  # type: ignore[arg-type]
        ada, ann = await desk.caller("think"), await desk.operator("ann")
        answer = await ada.session.post(Post(Launch({"type": "launch"}, {})))
        asking = asyncio.ensure_future(ada.says("I want my money back"))
        also = asyncio.ensure_future(ada.says("now"))
        while not model.asked:
            await asyncio.sleep(0)
        assert (await desk.does(ann, "join-call", ada)).status_code == 200
        before = list(ada.shown)
        model.goes_on.set()
        await asyncio.gather(asking, also, answer.whole())
        assert ada.shown == before, "not a word after the operator was told that they have it"
        await desk.does(ann, "say", ada, text="I am Ann.")
        await desk.does(ann, "leave-call", ada)
        await ada.says("Thanks")
        lines = [line.content for line in model.asked[-1].lines]
        known = [words for words in lines if words in ("I want my money back", "now", "I am Ann.", "Thanks")]
        assert known == ["I want my money back", "now", "I am Ann.", "Thanks"]


async def test_one_who_only_listens_and_leaves_takes_nothing_from_who_has_it(desk: Desk) -> None:
    ada, ann, bob = await desk.caller("flow"), await desk.operator("ann"), await desk.operator("bob")
    assert (await desk.does(ann, "join-call", ada)).status_code == 200
    assert (await desk.does(bob, "join-call", ada, mode="listen")).status_code == 200
    assert (await desk.does(bob, "switch-mode", ada, mode="takeover")).status_code == 409
    assert (await desk.does(bob, "say", ada, text="Me!")).status_code == 409
    assert (await desk.get(f"/operators/{bob}"))["active_call_sid"] == ada.sid
    assert (await desk.does(bob, "leave-call", ada)).status_code == 200
    assert await ada.says("fish") == []
    await desk.clock.advance(LEASE_MS / 1000 + 1)
    assert await status_of(desk, ann) == (None, "online"), "the lease is still watched"
    assert (await ada.says("fish"))[0] == "You said fish."


async def test_an_operator_on_a_call_joins_no_other_and_not_the_same_twice(desk: Desk) -> None:
    ada, eve = await desk.caller("flow"), await desk.caller("flow", user="eve")
    ann, bob = await desk.operator("ann"), await desk.operator("bob")
    both = await asyncio.gather(*(desk.does(ann, "join-call", each) for each in (ada, eve)))
    assert sorted(each.status_code for each in both) == [200, 409]
    for each in (ada, eve):
        assert (await desk.does(ann, "join-call", each)).status_code == 409
    held, free = (ada, eve) if both[0].status_code == 200 else (eve, ada)
    assert (await desk.does(bob, "join-call", held)).json()["detail"].startswith("Somebody else has")
    assert (await desk.does(bob, "join-call", free)).status_code == 200
    assert [each.session.state().hold.operator for each in (held, free)] == [ann, bob]  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["listen", "takeover"])
async def test_an_operator_is_free_when_the_conversation_ends(desk: Desk, mode: str) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    told = desk.events()
    await desk.does(ann, "join-call", ada, mode=mode)
    await ada.does({"type": "end"})
    assert await status_of(desk, ann) == (None, "online")
    assert ("operator.left_call", "session_ended") in [(type, data.get("reason")) for type, data in told]
    assert (await desk.does(ann, "leave-call", ada)).status_code == 404
    assert (await desk.does(ann, "wrap-up", ada, outcome="resolved")).status_code == 200
    eve = await desk.caller("flow", user="eve")
    assert (await desk.does(ann, "join-call", eve)).status_code == 200
    (left,) = (await desk.get("/operators/audit-log?action=operator.left_call"))["items"]
    assert (left["data"]["key_id"], left["data"]["reason"]) == ("parley", "session_ended")


async def test_a_conversation_that_a_person_has_does_not_end_for_silence(desk: Desk) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    directory = desk.ground.estate.house.directory
    await desk.does(ann, "join-call", ada)
    for _ in range(12):
        await desk.clock.advance(LEASE_MS / 1000 - 1)
        await desk.does(ann, "switch-mode", ada, mode="takeover")
        state = ada.session.state()
        state.expires_at = desk.clock.now_ms()
        await directory.recall(ada.session.id)
    assert ada.session.state().ended is None
    await desk.does(ann, "leave-call", ada)
    await desk.clock.advance(3600)
    await directory.recall(ada.session.id)
    assert ada.session.state().ended == "inactivity_timeout"


@pytest.mark.parametrize("passes", [0, LEASE_MS / 1000 + 1])
async def test_a_takeover_outlives_the_server_for_as_long_as_its_lease(desk: Desk, passes: float) -> None:
    ada, ann, bob = await desk.caller("flow"), await desk.operator("ann"), await desk.operator("bob")
    eve = await desk.caller("flow", user="eve")
    await desk.does(ann, "join-call", ada)
    await desk.does(bob, "join-call", eve, mode="listen")
    await eve.does({"type": "end"})
    estate = desk.ground.estate
    await estate.close()
    await desk.clock.advance(passes)
    later = await estate.operators.join(desk.ground.ours.id, await desk.operator("cid"), eve.session.id, "listen")
    await estate.open()
    assert await status_of(desk, later.id) == (None, "online"), "what ended meanwhile has nobody in it"
    await settled()
    if passes:
        assert await status_of(desk, ann) == (None, "online")
        assert (await ada.says("fish"))[0] == "You said fish."
        return
    assert await ada.says("fish") == []
    await desk.clock.advance(LEASE_MS / 1000 + 1)
    assert await status_of(desk, ann) == (None, "online")
    assert ada.shown[-1] == "chat_ended: "


async def test_who_watches_what_they_have_taken_over_keeps_it_until_they_stop(desk: Desk) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    await desk.does(ann, "join-call", ada)
    path = desk.ground.at(f"/observers/{ada.sid}/ws")
    async with (
        open_doors(desk.ground) as doors,
        doors.open(path, "member") as other,
        doors.open(path, "owner") as watching,
    ):
        assert (await watching.next())["type"] == (await other.next())["type"] == "session_info"
        for _ in range(8):
            await desk.clock.advance(ATTENDED)
            await watching.connection.ping()
            await settled()
        assert await ada.says("fish") == [], "a person still has it after four minutes"
    async with open_doors(desk.ground) as doors, doors.open(path, "member") as other:
        assert (await other.next())["type"] == "session_info"
        for _ in range(5):
            await desk.clock.advance(ATTENDED)
            await settled()
        assert await status_of(desk, ann) == (None, "online"), "another key's socket keeps nothing"
    assert (await ada.says("fish"))[0] == "You said fish."
