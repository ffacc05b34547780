"""A client of the Conversations API that only posts actions hears of a takeover too, with its next answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.estate.desk import Caller, Desk, open_desk

from house_fixture import API_KEY, events_of
from parley.domain.ids import SessionID


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


class Poster:
    """A client that posts actions."""

    def __init__(self, client: httpx.AsyncClient, key: str, session: str) -> None:
        self.client = client
        self.headers = {"authorization": key}
        self.session = session

    async def posts(self, action: dict[str, Any], **more: Any) -> list[str]:
        answer = await self.client.post("/v4/interact", json={"action": action, **more}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return shown(answer.json()["traces"])

    async def says(self, text: str, **more: Any) -> list[str]:
        return await self.posts({"type": "text", "payload": text}, **more)


def shown(traces: list[dict[str, Any]]) -> list[str]:
    found = []
    for trace in traces:
        payload = trace.get("payload") or {}
        if trace["type"] in ("text", "live-agent-handoff"):
            event = payload.get("event")
            found.append(payload["message"] if event is None else f"{event}: {payload['message']}")
    return found


@pytest.fixture
async def ada(desk: Desk) -> AsyncIterator[tuple[Poster, Caller]]:
    """Somebody who posts, and the same as an operator finds them."""
    async with desk.ground.opened.client() as client:
        at = "/v4/project/flow/environment/main/session"
        made = await client.post(at, json={"userID": "ada"}, headers={"authorization": API_KEY})
        latest = await desk.ground.opened.store.latest("flow", "ada")
        poster = Poster(client, made.json()["sessionKey"], latest.id)
        await poster.posts({"type": "launch"})
        session = await desk.ground.estate.house.directory.recall(SessionID(latest.id))
        yield poster, Caller(session, [])


async def test_what_a_person_says_meanwhile_comes_with_the_next_answer(desk: Desk, ada: tuple[Poster, Caller]) -> None:
    poster, caller = ada
    ann = await desk.operator("ann")
    assert await poster.says("fish") == ["You said fish.", "chat_started: One moment, Ada."]
    await desk.does(ann, "join-call", caller)
    assert await poster.says("Hello?") == ["participant_joined: "]
    await desk.does(ann, "say", caller, text="I am Ann.")
    await desk.does(ann, "say", caller, text="What is it?")
    assert await poster.says("Fish.") == ["message_received: I am Ann.", "message_received: What is it?"]
    assert await poster.says("You there?") == []
    await desk.does(ann, "leave-call", caller)
    expected = ["chat_ended: ", "Back with the robot.", "More?", "Again yes.", "More?"]
    streamed = await poster.client.post(
        "/v4/interact/stream", json={"action": {"type": "text", "payload": "yes"}}, headers=poster.headers
    )
    events = events_of(streamed.content)
    assert [each.id for each in events] == [str(n + 1) for n in range(len(events))]
    assert shown([json.loads(each.data) for each in events if each.event == "trace"]) == expected
    assert (await desk.get(f"/runs/{caller.conversation}"))["service_name"] == "flow"
    assert (await desk.get("/operators/queue"))["queue"][0]["service_name"] == "flow"
    told = (await desk.get(f"/conversations/{caller.conversation}"))["turns"]
    assert [each["text"] for each in told if each["role"] == "agent" and each["text"]] == [
        *("Yes?", "You said fish.", "One moment, Ada.", "I am Ann.", "What is it?"),
        *("Back with the robot.", "More?", "Again yes.", "More?"),
    ]


async def test_a_repeat_gets_the_same_and_what_is_not_wanted_is_left_out(
    desk: Desk, ada: tuple[Poster, Caller]
) -> None:
    poster, caller = ada
    ann = await desk.operator("ann")
    await desk.does(ann, "join-call", caller)
    await desk.does(ann, "say", caller, text="I am Ann.")
    body = {"action": {"type": "text", "payload": "Hello?"}}
    headers = {**poster.headers, "Idempotency-Key": "once"}
    answers = [(await poster.client.post("/v4/interact", json=body, headers=headers)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert shown(answers[0]["traces"]) == ["chat_started: ", "participant_joined: ", "message_received: I am Ann."]
    await desk.does(ann, "say", caller, text="Still here.")
    assert await poster.says("So?", config={"excludeTypes": ["live-agent-handoff"]}) == []
    assert await poster.says("So?") == []


async def test_who_listens_is_told_once(desk: Desk, ada: tuple[Poster, Caller]) -> None:
    poster, caller = ada
    ann = await desk.operator("ann")
    leave = caller.session.follow(lambda portion: None)
    await desk.does(ann, "join-call", caller)
    await desk.does(ann, "say", caller, text="I am Ann.")
    leave()
    assert await poster.says("Hello?") == []
