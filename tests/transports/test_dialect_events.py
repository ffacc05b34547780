"""Turns of session events are told as the client that listens wants its own (Conversations API, section 2.4)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from talker import Documented, Place, WidgetTalker, a_place, texts, traces
from tests.house_fixture import API_KEY, PROJECT

HI = {"action": {"type": "text", "payload": "hi"}}


async def emit(place: Place, key: str, action: dict[str, Any] = HI) -> None:
    path = f"http://127.0.0.1:{place.port}/v2/project/{PROJECT}/session/{key}/event"
    async with httpx.AsyncClient() as client:
        answer = await client.post(path, json=action, headers={"authorization": API_KEY})
    assert (answer.status_code, answer.content) == (201, b"")


@pytest.mark.parametrize("talker", [Documented, WidgetTalker])
async def test_what_the_client_leaves_out_is_left_out(talker: Any) -> None:
    async with a_place() as place:
        ada = await talker.connect(place.port)
        await ada.start(config={"excludeTypes": ["text"]})
        await emit(place, ada.key)
        await ada.status("completed")
        assert texts(ada.heard) == []
        bert = await talker.connect(place.port)
        await bert.start(user="bert", config={"excludeTypes": ["block"]})
        await emit(place, bert.key)
        await bert.status("completed")
        kinds = {each["type"] for each in traces(bert.heard)}
        assert "text" in kinds and "block" not in kinds


async def test_the_state_is_told_to_whoever_asked_for_it_at_the_start() -> None:
    async with a_place() as place:
        ada = await WidgetTalker.connect(place.port)
        await ada.start(config={"stateful": True})
        await emit(place, ada.key)
        assert (await ada.next("state"))["state"]["variables"]["last_utterance"] == "hi"


async def test_who_came_back_last_says_how() -> None:
    async with a_place() as place:
        ada = await Documented.connect(place.port)
        await ada.start(config={"excludeTypes": ["text"]})
        again = await Documented.connect(place.port)
        await again.start(key=ada.key, config={})
        await emit(place, ada.key)
        await ada.status("completed")
        assert "text" in {each["type"] for each in traces(ada.heard)}
