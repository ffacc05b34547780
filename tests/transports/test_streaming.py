"""What a model writes reaches the client while it is written, through every door; who stops it, stops the model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from streaming import DOORS, OnWidget, Served, served, whole, words
from tests.model_streams import chunk, data, part

pytestmark = pytest.mark.timeout(60)
every_door = pytest.mark.parametrize("door", DOORS)
HALF, REST = ("Half ", "an "), ("answer ", "is less.")


@pytest.fixture
async def shop() -> AsyncIterator[Served]:
    async with served() as shop:
        yield shop


def states(payloads: list[dict[str, Any]]) -> list[str]:
    """The states in their order, each once in a row: how many pieces there are is a matter of time."""
    return [p["state"] for n, p in enumerate(payloads) if not n or payloads[n - 1]["state"] != p["state"]]


@every_door
async def test_who_asks_for_completions_reads_along(shop: Served, door: str) -> None:
    gate = asyncio.Event()
    shop.provider.reply(words(*HALF), gate, whole(*REST))
    client = await shop.connect(door, completionEvents=True)
    client.say("Hi")
    await client.until(lambda: client.written == "Half an ")
    assert states(client.told("completion")) == ["start", "content"], "the provider has not ended yet"
    gate.set()
    await client.over(1)
    first, *_, last = client.told("completion")
    assert states(client.told("completion")) == ["start", "content", "end"]
    assert isinstance(first["messageID"], str) and first["ai"] is True
    assert last == {"state": "end"}
    assert client.written == "Half an answer is less."
    assert client.said == ["Welcome."], "what its author wrote comes whole, and the answer not once more"


@every_door
async def test_who_does_not_ask_gets_one_text(shop: Served, door: str) -> None:
    shop.provider.reply(words(*HALF), whole(*REST))
    client = await shop.connect(door)
    client.say("Hi")
    await client.over(1)
    assert client.told("completion") == []
    assert client.said == ["Welcome.", "Half an answer is less."]
    assert client.told("text")[1]["ai"] is True


LOOKS = (
    data(chunk({"reasoning_content": "The "}), chunk({"reasoning_content": "rules?"}), ends=""),
    data(
        chunk({"tool_calls": [part(0, "call_a", "look", '{"question": "What are the rules?"}')]}),
        chunk({}, "tool_calls"),
    ),
)


@every_door
@pytest.mark.parametrize("reads_along", [True, False], ids=["reads along", "does not"])
async def test_thoughts_and_tools_are_shown_through_every_door(shop: Served, door: str, reads_along: bool) -> None:
    shop.provider.reply(*LOOKS)
    shop.provider.reply(whole("Be on time."))
    client = await shop.connect(door, completionEvents=reads_along)
    client.say("Hi")
    await client.over(1)
    thoughts, used = client.told("reasoning"), client.told("tool-call")
    assert [(each["state"], each["callID"]) for each in used] == [("start", "call_a"), ("end", "call_a")]
    if reads_along:
        assert states(thoughts) == ["start", "content", "end"]
        assert "".join(each.get("content", "") for each in thoughts) == "The rules?"
        assert client.written == "Be on time."
    else:
        assert thoughts == [{"state": "final", "message": "The rules?"}]
        assert client.said == ["Welcome.", "Be on time."]
    kinds = [trace["type"] for trace in client.traces]
    assert kinds.index("reasoning") < kinds.index("tool-call") < kinds.index("knowledgeBase")


async def cancel(client: OnWidget) -> None:
    client.talker.emit("cancel")
    assert await client.talker.next("cancel") == {"success": True}


async def test_cancel_closes_the_provider_s_stream_and_what_was_sent_is_remembered(shop: Served) -> None:
    shop.provider.reply(words(*HALF), ends="never")
    shop.provider.reply(whole("Yes."))
    client = await shop.connect("widget", completionEvents=True)
    assert isinstance(client, OnWidget)
    client.say("Hi")
    await client.until(lambda: client.written == "Half an ")
    await cancel(client)
    await shop.provider.left.wait()
    await client.over(1)
    assert states(client.told("completion")) == ["start", "content", "end"], "the client is not left with an open one"
    client.say("Go on")
    await client.over(2)
    assert shop.asked(1) == [("user", "Hi"), ("assistant", "Welcome.\nHalf an"), ("user", "Go on")]
    assert client.written == "Half an Yes."


async def test_what_was_cancelled_before_anything_was_sent_is_not_remembered(shop: Served) -> None:
    shop.provider.reply(words(*HALF), ends="never")
    shop.provider.reply(whole("Yes."))
    client = await shop.connect("widget", completionEvents=False)
    assert isinstance(client, OnWidget)
    client.say("Hi")
    await shop.has_asked(1)
    await cancel(client)
    await shop.provider.left.wait()
    await client.over(1)
    client.say("Go on")
    await client.over(2)
    assert shop.asked(1) == [("user", "Hi"), ("assistant", "Welcome."), ("user", "Go on")]
    assert client.said == ["Welcome.", "Yes."]


@every_door
async def test_a_new_action_may_interrupt_and_what_was_sent_is_remembered(shop: Served, door: str) -> None:
    shop.provider.reply(words(*HALF), ends="never")
    shop.provider.reply(whole("Yes."))
    client = await shop.connect(door, completionEvents=True, concurrency="interrupt")
    client.say("Hi")
    await client.until(lambda: client.written == "Half an ")
    client.say("Stop that")
    await shop.provider.left.wait()
    await client.over(2)
    assert states(client.told("completion")) == ["start", "content", "end", "start", "content", "end"]
    assert client.written == "Half an Yes."
    assert shop.asked(1) == [("user", "Hi"), ("assistant", "Welcome.\nHalf an"), ("user", "Stop that")]


@every_door
async def test_thoughts_that_are_interrupted_are_closed(shop: Served, door: str) -> None:
    shop.provider.reply(data(chunk({"reasoning_content": "Well"}), ends=""), ends="never")
    shop.provider.reply(whole("Yes."))
    client = await shop.connect(door, completionEvents=True, concurrency="interrupt")
    client.say("Hi")
    await client.until(lambda: states(client.told("reasoning")) == ["start", "content"])
    client.say("Stop that")
    await shop.provider.left.wait()
    await client.over(2)
    assert states(client.told("reasoning")) == ["start", "content", "end"]
    assert shop.asked(1) == [("user", "Hi"), ("assistant", "Welcome."), ("user", "Stop that")]


@every_door
async def test_many_interruptions_leave_one_conversation(shop: Served, door: str) -> None:
    for n in range(8):
        shop.provider.reply(words(f"part{n}"), ends="never")
    shop.provider.reply(whole("the end"))
    client = await shop.connect(door, completionEvents=True, concurrency="interrupt")
    for n in range(8):
        client.say(f"say{n}")
        await client.until(lambda n=n: client.written.endswith(f"part{n}"))  # type: ignore[misc]
    client.say("last")
    await client.over(9)
    assert client.written == "".join(f"part{n}" for n in range(8)) + "the end"
    said = [text for _, text in shop.asked(8)]
    assert said == ["say0", "Welcome.\npart0", *(t for n in range(1, 8) for t in (f"say{n}", f"part{n}")), "last"]
