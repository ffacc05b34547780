"""The chat completions format of OpenAI, which many servers speak: what is asked (`openai_chat_reading.py` reads).

Source: OpenAI API reference, "Create chat completion"; Azure OpenAI REST reference (key header, deployments).
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.backends.llm.kept import kept_for
from parley.backends.llm.naming import Aliases, plain
from parley.backends.llm.openai_chat_reading import GEMINI, ChatReading
from parley.backends.llm.place import Place
from parley.backends.llm.schemas import is_strict
from parley.ports.llm import Asked, Line, ToolOffer

OWN_HOST = "api.openai.com"
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_NO_STREAM_OPTIONS = frozenset({"api.mistral.ai"})
"""Hosts that refuse `stream_options`; they tell the usage unasked."""


class OpenAiChat:
    """See `WireFormat`."""

    def address(self, place: Place) -> str:
        """See `WireFormat.address`."""
        return place.address("/chat/completions")

    def headers(self, place: Place) -> dict[str, str]:
        """See `WireFormat.headers`."""
        return key_headers(place)

    def body(self, asked: Asked, place: Place) -> bytes:
        """See `WireFormat.body`."""
        aliases = aliases_of(asked)
        settings = asked.settings
        body: dict[str, Any] = {"model": place.model, "messages": _messages(asked, aliases), "stream": True}
        if place.host not in _NO_STREAM_OPTIONS:
            body["stream_options"] = {"include_usage": True}
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.max_tokens is not None:
            is_newer = place.host == OWN_HOST or is_azure(place)
            body["max_completion_tokens" if is_newer else "max_tokens"] = settings.max_tokens
        if settings.reasoning is not None:
            body["reasoning_effort"] = settings.reasoning
        if asked.tools:
            body["tools"] = [{"type": "function", "function": _function(tool, aliases)} for tool in asked.tools]
            if asked.must_call:
                body["tool_choice"] = "required"
        if asked.answer_schema is not None:
            schema = {"name": "answer", "schema": asked.answer_schema, "strict": is_strict(asked.answer_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return msgspec.json.encode(body)

    def reading(self, asked: Asked, place: Place) -> ChatReading:
        """See `WireFormat.reading`."""
        return ChatReading(place, aliases_of(asked))


def is_azure(place: Place) -> bool:
    """Azure wants its key in a header of its own."""
    return place.host.endswith(_AZURE)


def key_headers(place: Place) -> dict[str, str]:
    """The key, as this host takes it."""
    if not place.key:
        return {}
    return {"api-key": place.key} if is_azure(place) else {"authorization": f"Bearer {place.key}"}


def aliases_of(asked: Asked) -> Aliases:
    """The names of all tools that are offered, and of those that were used."""
    return Aliases([tool.name for tool in asked.tools] + [call.name for line in asked.lines for call in line.calls])


def _function(tool: ToolOffer, aliases: Aliases) -> dict[str, Any]:
    about = {"description": tool.about} if tool.about else {}
    return {"name": aliases.alias(tool.name), **about, "parameters": tool.parameters}


def _messages(asked: Asked, aliases: Aliases) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": asked.system}] if asked.system else []
    return system + [_message(line, aliases) for line in asked.lines]


def _message(line: Line, aliases: Aliases) -> dict[str, Any]:
    if line.role == "tool":
        return {"role": "tool", "tool_call_id": plain(line.call_id), "content": line.content}
    if not line.calls:
        return {"role": line.role, "content": line.content}
    calls = []
    for call in line.calls:
        extra = kept_for(GEMINI, call.kept)
        function = {"name": aliases.alias(call.name), "arguments": call.arguments or "{}"}
        written: dict[str, Any] = {"id": plain(call.id), "type": "function", "function": function}
        calls.append(written if extra is None else written | {"extra_content": extra})
    return {"role": line.role, "content": line.content or None, "tool_calls": calls}
