"""Providers' streams: our clients and the official SDKs make the same of them, wherever the bytes are cut."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import anthropic
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.llm_clients import KEY, QUESTION, client, hear
from tests.model_server import ModelServer, model_server
from tests.model_streams import ANTHROPIC, CHAT, RESPONSES, Stream

from parley.backends.llm.formats import FORMATS
from parley.backends.llm.place import Place, Prices
from parley.backends.llm.reading import Reading
from parley.backends.llm.sse import EventReader
from parley.ports.llm import Asked, Line, Thought, ToolCall, Usage

STREAMS = [
    (kind, name)
    for kind, streams in (("openai", CHAT), ("anthropic", ANTHROPIC), ("openai-responses", RESPONSES))
    for name in streams
]
PLACE = Place("m", "http://localhost/v1")
Outcome = tuple[str, list[tuple[str, Any]], int, int, int]
"""Text, calls with their arguments, tokens asked, answered, cached."""


def stream_of(kind: str, name: str) -> Stream:
    return {"openai": CHAT, "anthropic": ANTHROPIC, "openai-responses": RESPONSES}[kind][name]


def outcome_of(stream: Stream) -> Outcome:
    calls = [(name, json.loads(written)) for name, written in stream.calls]
    return stream.text, calls, stream.asked, stream.answered, stream.cached


@pytest.mark.parametrize(("kind", "name"), STREAMS)
async def test_our_client_understands(kind: str, name: str) -> None:
    stream = stream_of(kind, name)
    async with client(kind) as (model, server):
        server.reply(stream.data)
        heard = await hear(model)
    usage = heard.usage or Usage("")
    calls = [(call.name, json.loads(call.arguments)) for call in heard.calls]
    assert (heard.text, calls, usage.asked, usage.answered, usage.cached) == outcome_of(stream)
    assert heard.thoughts == stream.thoughts


@pytest.mark.parametrize(("kind", "name"), [each for each in STREAMS if stream_of(*each).sdk])
async def test_the_official_sdk_makes_the_same_of_it(kind: str, name: str) -> None:
    stream = stream_of(kind, name)
    async with model_server() as server:
        server.reply(stream.data)
        assert await SDKS[kind](server) == outcome_of(stream)


async def through_openai(server: ModelServer) -> Outcome:
    sdk = openai.AsyncOpenAI(api_key=KEY, base_url=server.url, max_retries=0)
    text, calls, usage = "", {}, None
    lines: Any = [{"role": "user", "content": "Hi"}]
    async for chunk in await sdk.chat.completions.create(model="m", messages=lines, stream=True):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or ():
                made = calls.setdefault(call.index, ["", ""])
                made[0] += (call.function and call.function.name) or ""
                made[1] += (call.function and call.function.arguments) or ""
    await sdk.close()
    made_calls = [(name, json.loads(written)) for name, written in calls.values()]
    if usage is None:
        return text, made_calls, 0, 0, 0
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    return text, made_calls, usage.prompt_tokens, usage.completion_tokens, cached or 0


async def through_responses(server: ModelServer) -> Outcome:
    sdk = openai.AsyncOpenAI(api_key=KEY, base_url=server.url, max_retries=0)
    text, final = "", None
    async for event in await sdk.responses.create(model="m", input="Hi", stream=True):
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.completed":
            final = event.response
    await sdk.close()
    assert final is not None and final.usage is not None
    calls = [(item.name, json.loads(item.arguments)) for item in final.output if item.type == "function_call"]
    counted = final.usage
    return text, calls, counted.input_tokens, counted.output_tokens, counted.input_tokens_details.cached_tokens


async def through_anthropic(server: ModelServer) -> Outcome:
    sdk = anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url.removesuffix("/v1"), max_retries=0)
    lines: Any = [{"role": "user", "content": "Hi"}]
    async with sdk.messages.stream(model="m", max_tokens=9, messages=lines) as stream:
        message = await stream.get_final_message()
    await sdk.close()
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    counted = message.usage
    cached = counted.cache_read_input_tokens or 0
    asked = counted.input_tokens + cached + (counted.cache_creation_input_tokens or 0)
    return text, calls, asked, counted.output_tokens, cached


SDKS = {"openai": through_openai, "openai-responses": through_responses, "anthropic": through_anthropic}


def read(reading: Reading, parts: list[bytes]) -> tuple[str, str, list[tuple[str, str]], list[Usage]]:
    """What the pieces amount to: text, thoughts, calls, usage."""
    events = EventReader()
    for part in parts:
        for event in events.feed(part):
            if not reading.is_over:
                reading.take(event)
    for event in events.end():
        if not reading.is_over:
            reading.take(event)
    reading.end()
    pieces = reading.pieces.take()
    return (
        "".join(piece for piece in pieces if isinstance(piece, str)),
        "".join(piece.text for piece in pieces if isinstance(piece, Thought)),
        [(piece.name, piece.arguments) for piece in pieces if isinstance(piece, ToolCall)],
        [piece for piece in pieces if isinstance(piece, Usage)],
    )


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 4000), max_size=30))
@settings(max_examples=300, deadline=None)
def test_bytes_may_be_cut_anywhere(which: tuple[str, str], cuts: list[int]) -> None:
    kind, name = which
    data = stream_of(kind, name).data
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    parts = [data[a:b] for a, b in pairwise(places)]
    whole = read(FORMATS[kind].reading(QUESTION, PLACE), [data])
    assert read(FORMATS[kind].reading(QUESTION, PLACE), parts) == whole


@pytest.mark.parametrize("kind", ["openai", "anthropic", "openai-responses"])
async def test_bytes_may_come_one_by_one_over_the_network(kind: str) -> None:
    stream = stream_of(kind, STREAMS[0][1] if kind == "openai" else "a text")
    async with client(kind) as (model, server):
        server.reply(*(stream.data[n : n + 1] for n in range(len(stream.data))))
        assert (await hear(model)).text == stream.text


EVENTS = st.lists(st.sampled_from([b"data: x", b"data:y", b"data", b"event: e", b": c", b"id: 1", b"", b"data:  z"]))


@given(EVENTS, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.lists(st.integers(0, 200), max_size=10))
def test_events_do_not_depend_on_line_ends_or_cuts(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    data = b"\xef\xbb\xbf" + b"".join(line + end for line in lines) + end
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    reader = EventReader()
    events = [e for a, b in pairwise(places) for e in reader.feed(data[a:b])] + reader.end()
    assert events == expected(lines)


def expected(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """The standard, word by word."""
    events, name, values = [], b"", None
    for line in [*lines, b""]:
        if not line:
            if values is not None:
                events.append((name, b"\n".join(values)))
            name, values = b"", None
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value
        elif field == b"data":
            values = [*(values or []), value]
    return events


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader_of_events(data: bytes) -> None:
    reader = EventReader()
    for event in reader.feed(data) + reader.end():
        assert all(isinstance(part, bytes) for part in event)


async def test_texts_that_have_come_meanwhile_are_one_piece() -> None:
    gate = asyncio.Event()
    stream = CHAT["openai"].data
    async with client("openai") as (model, server):
        server.reply(stream[:1], gate, stream[1:])
        gate.set()
        heard = await hear(model)
    assert [piece for piece in heard.pieces if isinstance(piece, str)] == [CHAT["openai"].text]


async def test_the_cost_is_what_the_prices_say() -> None:
    async with client("openai", prices=Prices(asked=2, answered=10, cached=0.5)) as (model, server):
        server.reply(CHAT["openai"].data)
        usage = (await hear(model)).usage
    assert usage is not None and usage.cost == pytest.approx((15 * 2 + 5 * 0.5 + 7 * 10) / 1_000_000)


async def test_what_was_thought_goes_back_with_the_result_of_the_tool() -> None:
    async with client("anthropic") as (model, server):
        server.reply(ANTHROPIC["thoughts"].data)
        call = (await hear(model)).calls[0]
        lines = (Line("user", "Hi"), Line("assistant", "", (call,)), Line("tool", "Rain.", call_id=call.id))
        await hear(model, Asked(lines))
    blocks = server.requests[1].body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["thinking", "redacted_thinking", "tool_use"]
    assert blocks[0]["signature"] == "c2lnbmVk"
