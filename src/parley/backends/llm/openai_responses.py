"""OpenAI's responses format: what is asked (`openai_responses_reading.py` reads). Nothing is stored at the provider.

Source: OpenAI API reference, "Create a model response".
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley.backends.llm.kept import kept_for
from parley.backends.llm.naming import Aliases, plain
from parley.backends.llm.openai_chat import aliases_of, key_headers
from parley.backends.llm.openai_responses_reading import RESPONSES, ResponseReading
from parley.backends.llm.place import Place
from parley.backends.llm.schemas import is_strict
from parley.ports.llm import Asked, Line, ToolOffer


class OpenAiResponses:
    """See `WireFormat`."""

    def address(self, place: Place) -> str:
        """See `WireFormat.address`."""
        return place.address("/responses")

    def headers(self, place: Place) -> dict[str, str]:
        """See `WireFormat.headers`."""
        return key_headers(place)

    def body(self, asked: Asked, place: Place) -> bytes:
        """See `WireFormat.body`."""
        aliases = aliases_of(asked)
        settings = asked.settings
        items = [item for line in asked.lines for item in _items(line, aliases)]
        body: dict[str, Any] = {"model": place.model, "input": items, "stream": True, "store": False}
        if asked.system:
            body["instructions"] = asked.system
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.max_tokens is not None:
            body["max_output_tokens"] = settings.max_tokens
        if settings.reasoning is not None:
            summary = {} if settings.reasoning == "none" else {"summary": "auto"}
            body["reasoning"] = {"effort": settings.reasoning, **summary}
            body["include"] = ["reasoning.encrypted_content"]
        if asked.tools:
            body["tools"] = [_tool(tool, aliases) for tool in asked.tools]
            if asked.must_call:
                body["tool_choice"] = "required"
        if asked.answer_schema is not None:
            strict = is_strict(asked.answer_schema)
            schema = {"type": "json_schema", "name": "answer", "schema": asked.answer_schema, "strict": strict}
            body["text"] = {"format": schema}
        return msgspec.json.encode(body)

    def reading(self, asked: Asked, place: Place) -> ResponseReading:
        """See `WireFormat.reading`."""
        return ResponseReading(place, aliases_of(asked))


def _tool(tool: ToolOffer, aliases: Aliases) -> dict[str, Any]:
    about = {"description": tool.about} if tool.about else {}
    return {
        "type": "function",
        "name": aliases.alias(tool.name),
        **about,
        "parameters": tool.parameters,
        "strict": False,
    }


def _items(line: Line, aliases: Aliases) -> list[dict[str, Any]]:
    if line.role == "tool":
        return [{"type": "function_call_output", "call_id": plain(line.call_id), "output": line.content}]
    said = [{"role": line.role, "content": line.content}] if line.content or not line.calls else []
    thoughts = [item for call in line.calls for item in kept_for(RESPONSES, call.kept) or []]
    calls = [
        {
            "type": "function_call",
            "call_id": plain(call.id),
            "name": aliases.alias(call.name),
            "arguments": call.arguments or "{}",
        }
        for call in line.calls
    ]
    return thoughts + said + calls
