"""Streams as providers write them, after their documentation, and what a client has to make of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stream:
    """`calls` are (name, arguments as text). Thoughts and ids are not in every format."""

    data: bytes
    text: str
    calls: tuple[tuple[str, str], ...] = ()
    asked: int = 0
    answered: int = 0
    cached: int = 0
    thoughts: str = ""
    sdk: bool = True
    """The official SDK makes the same of it."""


def data(*events: Any, ends: str = "data: [DONE]\n\n") -> bytes:
    """Events without names."""
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode() + ends.encode()


def named(*events: dict[str, Any]) -> bytes:
    """Events with the name of their type."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion; without a delta it has no choice."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1767225600, "model": "m"}
    return {**head, "choices": choices, **more}


def part(index: int | None, id: str | None = None, name: str | None = None, arguments: Any = None) -> dict[str, Any]:
    """A part of a tool call."""
    function = {"name": name} if name is not None else {}
    function |= {"arguments": arguments} if arguments is not None else {}
    call: dict[str, Any] = {"function": function}
    if index is not None:
        call["index"] = index
    if id is not None:
        call |= {"id": id, "type": "function"}
    return call


def usage(asked: int, answered: int, cached: int | None = None) -> dict[str, Any]:
    """OpenAI's."""
    counted: dict[str, Any] = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
    return counted if cached is None else counted | {"prompt_tokens_details": {"cached_tokens": cached}}


SAYS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "Grüße"}), chunk({"content": " aus 東京 🗼."})]
SAID = "Grüße aus 東京 🗼."
STOP = chunk({}, "stop")
OSLO, ROME = '{"city":"Oslo"}', '{"city":"Rome"}'
CALLED = (("weather", OSLO), ("time", ROME))

CHAT = {
    "openai": Stream(data(*SAYS, STOP, chunk(usage=usage(20, 7, 5))), SAID, (), 20, 7, 5),
    "openai, two calls in parts": Stream(
        data(
            chunk({"role": "assistant", "content": None, "tool_calls": [part(0, "call_a", "weather", "")]}),
            *(chunk({"tool_calls": [part(0, arguments=piece)]}) for piece in ('{"ci', 'ty":', '"Oslo"}')),
            chunk({"tool_calls": [part(1, "call_b", "time", "")]}),
            *(chunk({"tool_calls": [part(1, arguments=piece)]}) for piece in ('{"city"', ':"Rome"}')),
            chunk({}, "tool_calls"),
            chunk(usage=usage(50, 30)),
        ),
        "",
        CALLED,
        50,
        30,
    ),
    "azure, filter results first": Stream(
        data(
            {"choices": [], "id": "", "model": "", "object": "", "created": 0, "prompt_filter_results": [{"x": 1}]},
            *SAYS,
            STOP,
            chunk(usage=usage(9, 3)),
        ),
        SAID,
        (),
        9,
        3,
    ),
    "usage in the last chunk": Stream(data(*SAYS, chunk({"content": ""}, "stop", usage=usage(11, 4))), SAID, (), 11, 4),
    "groq, usage in its own place": Stream(
        data(*SAYS, chunk({}, "stop", x_groq={"id": "req_1", "usage": usage(8, 2)})), SAID, (), 8, 2, sdk=False
    ),
    "no usage, no [DONE]": Stream(data(*SAYS, STOP, ends=""), SAID),
    "no empty line at the end": Stream(data(*SAYS, STOP, ends="data: [DONE]"), SAID),
    "no space, comments, carriage returns": Stream(
        b": OPENROUTER PROCESSING\r\n\r\n"
        + data(*SAYS, STOP).replace(b"data: ", b"data:").replace(b"\n", b"\r\n")
        + b": bye\r\n\r\n",
        SAID,
    ),
    "several lines of data": Stream(
        b"id: 7\nretry: 10\ndata: {\ndata: " + json.dumps(chunk({"content": SAID})).encode()[1:] + b"\n\n" + data(STOP),
        SAID,
    ),
    "deepseek, thoughts": Stream(
        data(
            chunk({"role": "assistant", "content": None, "reasoning_content": "Let me "}),
            chunk({"content": None, "reasoning_content": "see."}),
            *SAYS,
            STOP,
            chunk(usage={**usage(30, 9), "prompt_cache_hit_tokens": 16}),
        ),
        SAID,
        (),
        30,
        9,
        16,
        "Let me see.",
        sdk=False,
    ),
    "openrouter and vllm, thoughts": Stream(
        data(chunk({"reasoning": "Let me see."}), *SAYS, STOP), SAID, thoughts="Let me see."
    ),
    "mistral, content in parts": Stream(
        data(
            chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}),
            chunk({"content": [{"type": "text", "text": SAID}]}),
            STOP,
        ),
        SAID,
        thoughts="Hm.",
        sdk=False,
    ),
    "mistral, calls at once": Stream(
        data(
            chunk(
                {"content": "", "tool_calls": [part(0, "aaaaaaaaa", "weather", OSLO), part(1, "b", "time", ROME)]},
                "tool_calls",
                usage=usage(5, 5),
            )
        ),
        "",
        CALLED,
        5,
        5,
    ),
    "gemini, every call with index 0": Stream(
        data(
            chunk({"tool_calls": [part(0, "f1", "weather", OSLO)]}),
            chunk({"tool_calls": [part(0, "f2", "time", ROME)]}, "tool_calls"),
        ),
        "",
        CALLED,
        sdk=False,
    ),
    "calls without index": Stream(
        data(
            chunk({"tool_calls": [part(None, "f1", "weather", '{"city":')]}),
            chunk({"tool_calls": [part(None, arguments='"Oslo"}')]}),
            chunk({"tool_calls": [part(None, "f2", "time", ROME)]}, "tool_calls"),
        ),
        "",
        CALLED,
        sdk=False,
    ),
    "calls without id, arguments as an object": Stream(
        data(
            chunk({"tool_calls": [part(None, None, "weather", {"city": "Oslo"}), part(None, None, "time", ROME)]}),
            chunk({}, "stop"),
        ),
        "",
        CALLED,
        sdk=False,
    ),
    "words before a call": Stream(
        data(*SAYS, chunk({"tool_calls": [part(0, "call_a", "weather", OSLO)]}), chunk({}, "tool_calls")),
        SAID,
        (("weather", OSLO),),
    ),
}


def anthropic_start(**counted: int) -> dict[str, Any]:
    """The first event of a message."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "stop_reason": None}
    return {"type": "message_start", "message": {**message, "stop_sequence": None, "usage": counted}}


def block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """One block from its start to its end."""
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def anthropic_end(reason: str, answered: int) -> list[dict[str, Any]]:
    """The last events of a message."""
    stopped = {"stop_reason": reason, "stop_sequence": None}
    return [{"type": "message_delta", "delta": stopped, "usage": {"output_tokens": answered}}, {"type": "message_stop"}]


def texts(*pieces: str) -> list[dict[str, Any]]:
    """Deltas of a text block."""
    return [{"type": "text_delta", "text": piece} for piece in pieces]


def arguments(*pieces: str) -> list[dict[str, Any]]:
    """Deltas of a tool's block."""
    return [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


_NO_TEXT = {"type": "text", "text": ""}
_PING = {"type": "ping"}
ANTHROPIC = {
    "a text": Stream(
        named(
            anthropic_start(
                input_tokens=20, output_tokens=1, cache_read_input_tokens=100, cache_creation_input_tokens=8
            ),
            _PING,
            *block(0, _NO_TEXT, *texts("Grüße", " aus 東京", " 🗼.")),
            *anthropic_end("end_turn", 7),
        ),
        SAID,
        (),
        128,
        7,
        100,
    ),
    "a text and two calls": Stream(
        named(
            anthropic_start(input_tokens=12, output_tokens=2),
            *block(0, _NO_TEXT, *texts(SAID)),
            *block(
                1,
                {"type": "tool_use", "id": "toolu_a", "name": "weather", "input": {}},
                *arguments("", '{"city"', ':"Oslo"}'),
            ),
            *block(
                2, {"type": "tool_use", "id": "toolu_b", "name": "time", "input": {}}, *arguments('{"city":"Rome"}')
            ),
            *anthropic_end("tool_use", 40),
        ),
        SAID,
        CALLED,
        12,
        40,
    ),
    "thoughts": Stream(
        named(
            anthropic_start(input_tokens=12, output_tokens=2),
            *block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "Let me "},
                {"type": "thinking_delta", "thinking": "see."},
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            ),
            *block(1, {"type": "redacted_thinking", "data": "aGlkZGVu"}),
            *block(2, {"type": "tool_use", "id": "toolu_a", "name": "weather", "input": {}}, *arguments(OSLO)),
            *anthropic_end("tool_use", 40),
        ),
        "",
        (("weather", OSLO),),
        12,
        40,
        thoughts="Let me see.",
    ),
}


def response(**more: Any) -> dict[str, Any]:
    """A response object of OpenAI's responses."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1767225600,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "status": "in_progress",
        **more,
    }


def numbered(*events: dict[str, Any]) -> bytes:
    """Events of the responses format."""
    return named(*({**event, "sequence_number": n} for n, event in enumerate(events)))


_COUNTED = {
    "input_tokens": 40,
    "output_tokens": 12,
    "total_tokens": 52,
    "input_tokens_details": {"cached_tokens": 32, "cache_write_tokens": 0},
    "output_tokens_details": {"reasoning_tokens": 0},
}
_MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
_PART = {"type": "output_text", "text": "", "annotations": []}


def _spoken(text: str) -> dict[str, Any]:
    return {**_MESSAGE, "content": [{**_PART, "text": text}]}


def _call_item(id: str, name: str, written: str) -> dict[str, Any]:
    return {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name, "arguments": written}


def _delta(piece: str) -> dict[str, Any]:
    kind = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {**kind, "delta": piece, "logprobs": []}


_CALLS = [_call_item("call_a", "weather", OSLO), _call_item("call_b", "time", ROME)]
RESPONSES = {
    "a text": Stream(
        numbered(
            {"type": "response.created", "response": response()},
            {"type": "response.output_item.added", "output_index": 0, "item": {**_MESSAGE, "content": []}},
            {
                "type": "response.content_part.added",
                "item_id": "msg_1",
                "output_index": 0,
                "content_index": 0,
                "part": _PART,
            },
            *map(_delta, ("Grüße", " aus 東京", " 🗼.")),
            {"type": "response.output_item.done", "output_index": 0, "item": _spoken(SAID)},
            {
                "type": "response.completed",
                "response": response(status="completed", output=[_spoken(SAID)], usage=_COUNTED),
            },
        ),
        SAID,
        (),
        40,
        12,
        32,
    ),
    "two calls": Stream(
        numbered(
            {"type": "response.created", "response": response()},
            *(
                event
                for n, call in enumerate(_CALLS)
                for event in (
                    {"type": "response.output_item.added", "output_index": n, "item": {**call, "arguments": ""}},
                    {
                        "type": "response.function_call_arguments.delta",
                        "item_id": call["id"],
                        "output_index": n,
                        "delta": call["arguments"],
                    },
                    {"type": "response.output_item.done", "output_index": n, "item": call},
                )
            ),
            {"type": "response.completed", "response": response(status="completed", output=_CALLS, usage=_COUNTED)},
        ),
        "",
        CALLED,
        40,
        12,
        32,
    ),
}
