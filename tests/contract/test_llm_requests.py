"""What we ask providers is what their own SDKs ask for the same call."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest
from tests.contract.llm_clients import KEY, client, hear
from tests.model_server import ModelServer, model_server
from tests.model_streams import ANTHROPIC, CHAT, RESPONSES

from parley.backends.llm.formats import FORMATS
from parley.backends.llm.place import Place
from parley.domain.prompt import ModelSettings
from parley.ports.llm import Asked, Line, ToolCall, ToolOffer

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOSED = {**CITY, "additionalProperties": False}
CALLS = (ToolCall("call_a", "weather", '{"city":"Oslo"}'), ToolCall("call_b", "weather", '{"city":"Rome"}'))
ASKED = Asked(
    lines=(
        Line("user", "Oslo or Rome?"),
        Line("assistant", "Let me see.", CALLS),
        Line("tool", "Rain.", call_id="call_a"),
        Line("tool", "Sun.", call_id="call_b"),
        Line("user", "And?"),
    ),
    system="Be brief.",
    tools=(ToolOffer("weather", "The weather in a city.", CITY), ToolOffer("time")),
    settings=ModelSettings(temperature=0.2, max_tokens=64, reasoning="low"),
    answer_schema=CLOSED,
    must_call=True,
)
NOTHING = {"type": "object", "properties": {}}
FUNCTIONS = [{"name": "weather", "description": "The weather in a city.", "parameters": CITY}]
FUNCTIONS += [{"name": "time", "parameters": NOTHING}]


async def sdk_chat(server: ModelServer) -> None:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in CALLS
    ]
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Oslo or Rome?"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_a", "content": "Rain."},
        {"role": "tool", "tool_call_id": "call_b", "content": "Sun."},
        {"role": "user", "content": "And?"},
    ]
    tools: Any = [{"type": "function", "function": function} for function in FUNCTIONS]
    schema: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": CLOSED, "strict": True}}
    sdk = openai.AsyncOpenAI(api_key=KEY, base_url=server.url, max_retries=0)
    stream = await sdk.chat.completions.create(
        model="m",
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        temperature=0.2,
        max_tokens=64,
        reasoning_effort="low",
        tools=tools,
        tool_choice="required",
        response_format=schema,
    )
    await stream.close()
    await sdk.close()


async def sdk_responses(server: ModelServer) -> None:
    items: Any = [
        {"role": "user", "content": "Oslo or Rome?"},
        {"role": "assistant", "content": "Let me see."},
        *({"type": "function_call", "call_id": c.id, "name": c.name, "arguments": c.arguments} for c in CALLS),
        {"type": "function_call_output", "call_id": "call_a", "output": "Rain."},
        {"type": "function_call_output", "call_id": "call_b", "output": "Sun."},
        {"role": "user", "content": "And?"},
    ]
    tools: Any = [{"type": "function", **function, "strict": False} for function in FUNCTIONS]
    text: Any = {"format": {"type": "json_schema", "name": "answer", "schema": CLOSED, "strict": True}}
    sdk = openai.AsyncOpenAI(api_key=KEY, base_url=server.url, max_retries=0)
    stream = await sdk.responses.create(
        model="m",
        input=items,
        instructions="Be brief.",
        stream=True,
        store=False,
        temperature=0.2,
        max_output_tokens=64,
        reasoning={"effort": "low", "summary": "auto"},
        include=["reasoning.encrypted_content"],
        tools=tools,
        tool_choice="required",
        text=text,
    )
    await stream.close()
    await sdk.close()


async def sdk_anthropic(server: ModelServer) -> None:
    city = {"call_a": {"city": "Oslo"}, "call_b": {"city": "Rome"}}
    uses = [{"type": "tool_use", "id": id, "name": "weather", "input": values} for id, values in city.items()]
    results = [
        {"type": "tool_result", "tool_use_id": "call_a", "content": "Rain."},
        {"type": "tool_result", "tool_use_id": "call_b", "content": "Sun."},
    ]
    messages: Any = [
        {"role": "user", "content": "Oslo or Rome?"},
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}, *uses]},
        {"role": "user", "content": [*results, {"type": "text", "text": "And?"}]},
    ]
    tools: Any = [
        {"name": "weather", "description": "The weather in a city.", "input_schema": CITY},
        {"name": "time", "input_schema": NOTHING},
    ]
    sdk = anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url.removesuffix("/v1"), max_retries=0)
    stream = await sdk.messages.create(
        model="m",
        max_tokens=64,
        system="Be brief.",
        messages=messages,
        stream=True,
        tools=tools,
        tool_choice={"type": "any"},
        thinking={"type": "adaptive", "display": "summarized"},
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": CLOSED}},
    )
    await stream.close()
    await sdk.close()


SDKS = {
    "openai": (sdk_chat, CHAT["openai"]),
    "openai-responses": (sdk_responses, RESPONSES["a text"]),
    "anthropic": (sdk_anthropic, ANTHROPIC["a text"]),
}


@pytest.mark.parametrize("kind", sorted(SDKS))
async def test_we_ask_what_the_sdk_asks(kind: str) -> None:
    ask, stream = SDKS[kind]
    async with client(kind) as (model, ours), model_server() as theirs:
        ours.reply(stream.data)
        theirs.reply(stream.data)
        await hear(model, ASKED)
        await ask(theirs)
    our, their = ours.requests[0], theirs.requests[0]
    assert our.body == their.body
    assert our.path == their.path
    for header in ("content-type", "authorization", "anthropic-version"):
        assert our.headers.get(header) == their.headers.get(header)


async def test_azure_is_asked_as_its_sdk_asks() -> None:
    url = "http://127.0.0.1:{port}/openai/deployments/m?api-version=2024-10-21"
    async with model_server() as theirs:
        theirs.reply(CHAT["openai"].data)
        address = f"http://127.0.0.1:{theirs.port}"
        sdk = openai.AsyncAzureOpenAI(api_key=KEY, azure_endpoint=address, api_version="2024-10-21", max_retries=0)
        lines: Any = [{"role": "user", "content": "Hi"}]
        stream = await sdk.chat.completions.create(model="m", messages=lines, stream=True)
        await stream.close()
        await sdk.close()
    wire, their = FORMATS["openai"], theirs.requests[0]
    assert wire.address(Place("m", url.format(port=1))).endswith(their.path)
    place = Place("m", "https://desk.openai.azure.com/openai/deployments/m?api-version=2024-10-21", KEY)
    assert wire.headers(place) == {"api-key": their.headers["api-key"]}


@pytest.mark.parametrize(
    ("kind", "url", "address"),
    [
        ("openai", "http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        ("openai", "http://a/v1/chat/completions", "http://a/v1/chat/completions"),
        ("openai-responses", "https://api.openai.com/v1", "https://api.openai.com/v1/responses"),
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        ("anthropic", "http://proxy/claude/v1", "http://proxy/claude/v1/messages"),
    ],
)
def test_where_they_are_asked(kind: str, url: str, address: str) -> None:
    assert FORMATS[kind].address(Place("m", url)) == address


async def test_a_server_without_a_key_is_sent_none() -> None:
    async with client("openai", key="") as (model, server):
        server.reply(CHAT["openai"].data)
        await hear(model)
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("lines", "roles"),
    [
        ((), ["user"]),
        ((Line("assistant", "Welcome."), Line("user", "Hi")), ["user", "assistant", "user"]),
        ((Line("user", "Hi"), Line("user", "You?"), Line("assistant", "Yes.")), ["user", "assistant", "user"]),
        ((Line("user", " "), Line("user", "Hi")), ["user"]),
    ],
)
async def test_anthropic_hears_both_sides_by_turns(lines: tuple[Line, ...], roles: list[str]) -> None:
    async with client("anthropic") as (model, server):
        server.reply(ANTHROPIC["a text"].data)
        await hear(model, Asked(lines))
    assert [message["role"] for message in server.requests[0].body["messages"]] == roles


async def test_a_call_whose_arguments_are_no_json_is_told_anthropic_without_them() -> None:
    call = ToolCall("call.1/x", "weather", "{broken")
    lines = (Line("user", "Hi"), Line("assistant", "", (call,)), Line("tool", "No.", call_id=call.id))
    async with client("anthropic") as (model, server):
        server.reply(ANTHROPIC["a text"].data)
        await hear(model, Asked(lines))
    _, used, result = server.requests[0].body["messages"]
    assert used["content"] == [{"type": "tool_use", "id": "call_1_x", "name": "weather", "input": {}}]
    assert result["content"][0]["tool_use_id"] == "call_1_x"


async def test_what_one_provider_keeps_is_not_sent_to_another() -> None:
    call = ToolCall("a", "weather", "{}", '{"anthropic":[{"type":"thinking"}]}')
    async with client("openai") as (model, server):
        server.reply(CHAT["openai"].data)
        await hear(model, Asked((Line("assistant", "", (call,)), Line("tool", "x", call_id="a"))))
    assert "thinking" not in str(server.requests[0].body)


async def test_gemini_gets_its_signature_back() -> None:
    call = ToolCall("a", "weather", "{}", '{"google":{"google":{"thought_signature":"c2ln"}}}')
    async with client("openai") as (model, server):
        server.reply(CHAT["openai"].data)
        await hear(model, Asked((Line("assistant", "", (call,)), Line("tool", "x", call_id="a"))))
    sent = server.requests[0].body["messages"][0]["tool_calls"][0]
    assert sent["extra_content"] == {"google": {"thought_signature": "c2ln"}}
