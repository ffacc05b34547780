"""The wire formats that are spoken here, by the name that addresses begin with."""

from __future__ import annotations

from parley.backends.llm.anthropic import AnthropicMessages
from parley.backends.llm.openai_chat import OpenAiChat
from parley.backends.llm.openai_responses import OpenAiResponses
from parley.backends.llm.reading import WireFormat

FORMATS: dict[str, WireFormat] = {
    "openai": OpenAiChat(),
    "openai-responses": OpenAiResponses(),
    "anthropic": AnthropicMessages(),
}
