"""What is asked of a language model, as an agent's author wrote it: all texts are templates.

Source: engine, section 1.10 (generative, ai_set); Conversations API, section 6 (memory).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Memory = Literal["none", "before", "only"]
"""Whether the conversation so far goes along: not at all, before the prompt, or in its place."""
Reasoning = Literal["none", "low", "medium", "high"]
"""How much a model is to think before it answers."""


class ModelSettings(Struct, frozen=True, omit_defaults=True):
    """How the model is to answer; None leaves it to the model."""

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    reasoning: Reasoning | None = None


class Briefing(Struct, frozen=True, omit_defaults=True):
    """How a model is asked what a step has to know: `system`, a template, goes before what the engine tells it."""

    system: str = ""
    settings: ModelSettings = ModelSettings()


class PromptMessage(Struct, frozen=True):
    """One message of a conversation with the model."""

    role: Literal["user", "assistant"]
    content: str


class Prompt(Struct, frozen=True, omit_defaults=True):
    """`messages` come before `text`, which is the user's side; `system` tells the model what it is.

    `knowledge`: what the knowledge base says about `text` goes along, and an answer that is not in it is none.
    """

    text: str = ""
    system: str = ""
    messages: tuple[PromptMessage, ...] = ()
    memory: Memory = "none"
    knowledge: bool = False
    settings: ModelSettings = ModelSettings()
