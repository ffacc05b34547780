"""Anthropic's messages format: what is asked. `anthropic_reading.py` reads answers.

A temperature is not sent: this version of the format has none and refuses one.
Source: Anthropic API reference, version 2026-10-21: "Create a Message"; structured outputs; adaptive thinking.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.backends.llm.anthropic_reading import ANTHROPIC, MessageReading
from parley.backends.llm.kept import kept_for
from parley.backends.llm.naming import Aliases, plain
from parley.backends.llm.openai_chat import aliases_of
from parley.backends.llm.place import Place
from parley.backends.llm.schemas import closed
from parley.ports.llm import Asked, Line, ToolCall

VERSION = "2026-10-21"
MOST_TOKENS = 4096
"""An answer's length where the author says none: this format demands one."""
MOST_WITH_THOUGHTS = 16384
BEGINS = "(The conversation begins.)"
GO_ON = "(Go on.)"
"""A conversation begins and ends with the user here; these stand in where it does not."""


class AnthropicMessages:
    """See `WireFormat`."""

    def address(self, place: Place) -> str:
        """See `WireFormat.address`."""
        path = place.url.split("?")[0].rstrip("/")
        return place.address("/messages" if path.endswith("/v1") else "/v1/messages")

    def headers(self, place: Place) -> dict[str, str]:
        """See `WireFormat.headers`."""
        return {"anthropic-version": VERSION} | ({"authorization": f"Bearer {place.key}"} if place.key else {})

    def body(self, asked: Asked, place: Place) -> bytes:
        """See `WireFormat.body`."""
        aliases = aliases_of(asked)
        settings = asked.settings
        most = MOST_TOKENS if settings.reasoning in (None, "none") else MOST_WITH_THOUGHTS
        body: dict[str, Any] = {
            "model": place.model,
            "max_tokens": settings.max_tokens or most,
            "messages": _messages(asked, aliases),
            "stream": True,
        }
        if asked.system:
            body["system"] = asked.system
        if asked.tools:
            body["tools"] = [
                {"name": aliases.alias(tool.name)}
                | ({"description": tool.about} if tool.about else {})
                | {"input_schema": tool.parameters}
                for tool in asked.tools
            ]
            if asked.must_call:
                body["tool_choice"] = {"type": "any"}
        if settings.reasoning == "none":
            body["thinking"] = {"type": "disabled"}
        elif settings.reasoning is not None:
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
        wanted = _wanted(asked)
        if wanted:
            body["output_config"] = wanted
        return msgspec.json.encode(body)

    def reading(self, asked: Asked, place: Place) -> MessageReading:
        """See `WireFormat.reading`."""
        return MessageReading(place, aliases_of(asked))


def _wanted(asked: Asked) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if asked.settings.reasoning not in (None, "none"):
        wanted["effort"] = asked.settings.reasoning
    if asked.answer_schema is not None:
        wanted["format"] = {"type": "json_schema", "schema": closed(asked.answer_schema)}
    return wanted


def _messages(asked: Asked, aliases: Aliases) -> list[dict[str, Any]]:
    """The lines, those of one side as one message: results of tools have to come all at once, before other words."""
    messages: list[dict[str, Any]] = []
    for line in asked.lines:
        blocks = _blocks(line, aliases)
        if blocks:
            _append(messages, "assistant" if line.role == "assistant" else "user", blocks)
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": [_text(BEGINS)]})
    if messages[-1]["role"] == "assistant":
        _append(messages, "user", [_text(GO_ON)])
    for message in messages:
        if len(message["content"]) == 1 and message["content"][0]["type"] == "text":
            message["content"] = message["content"][0]["text"]
    return messages


def _append(messages: list[dict[str, Any]], role: str, blocks: list[dict[str, Any]]) -> None:
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += blocks
    else:
        messages.append({"role": role, "content": blocks})


def _blocks(line: Line, aliases: Aliases) -> list[dict[str, Any]]:
    if line.role == "tool":
        return [{"type": "tool_result", "tool_use_id": plain(line.call_id), "content": line.content}]
    texts = [_text(line.content)] if line.content.strip() else []
    thoughts = [kept_for(ANTHROPIC, call.kept) or [] for call in line.calls]
    return [block for each in thoughts for block in each] + texts + [_use(call, aliases) for call in line.calls]


def _use(call: ToolCall, aliases: Aliases) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        values = {}
    written = values if isinstance(values, dict) else {}
    return {"type": "tool_use", "id": plain(call.id), "name": aliases.alias(call.name), "input": written}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
