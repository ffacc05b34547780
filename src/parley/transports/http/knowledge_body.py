"""Questions to the knowledge base and what they are answered with, in the legacy and the stable form.

Source: engine, section 1.1; the stable API's OpenAPI document, `/v1/stable/knowledge-base/query`; for `tags`, the
public documentation of knowledge base tags.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from parley.domain.narrowing import Narrowing, Tags, check_filters
from parley.domain.prompt import ModelSettings
from parley.errors import InvalidInput
from parley.ports.knowledge import Passage
from parley.session.consulting import Consulted, Question
from parley.transports.http.json_body import decode, whole

MOST = 30
"""Passages. Source: Conversations API, section 8 (KB)."""
LONGEST = 8_000
MOST_TOKENS = 2**53 - 1


class SettingsBody(Struct, frozen=True):
    """How the model is to answer. The legacy name of `maxTokens` is `max_tokens`."""

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | float | None = field(name="maxTokens", default=None)
    legacy_max_tokens: int | float | None = field(name="max_tokens", default=None)
    effort: Literal["minimal", "low", "medium", "high"] | None = field(name="reasoningEffort", default=None)


class LegacyBody(Struct, frozen=True):
    """`POST /knowledge-base/query`. Whatever else clients send is not looked at."""

    question: str
    instruction: str | None = None
    limit: int | float | None = field(name="chunkLimit", default=None)
    synthesis: bool | None = None
    settings: SettingsBody | None = None
    tags: Tags | None = None
    filters: dict[str, Any] | None = None
    project: str | None = field(name="projectID", default=None)


class StableBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/stable/knowledge-base/query`."""

    version: Literal["draft", "published"]
    question: str
    filters: dict[str, Any] | None = None
    settings: SettingsBody | None = None
    synthesis: bool | None = None
    limit: int | float | None = field(name="chunkLimit", default=None)
    instruction: str | None = None


_decode_legacy = msgspec.json.Decoder(LegacyBody).decode
_decode_stable = msgspec.json.Decoder(StableBody).decode


def legacy_in(body: bytes) -> LegacyBody:
    """The legacy body. Raises `InvalidInput`, `MalformedJson`."""
    return decode(_decode_legacy, body)


def stable_in(body: bytes) -> StableBody:
    """The stable body. Raises `InvalidInput`, `MalformedJson`."""
    return decode(_decode_stable, body)


def question_of(body: LegacyBody | StableBody, limit: int) -> Question:
    """What is asked; `limit` is for a body that names none. Raises `InvalidInput`."""
    if not body.question.strip() or len(body.question) > LONGEST:
        raise InvalidInput.at("question", f"a question of at most {LONGEST} characters")
    if body.limit is not None and not 1 <= body.limit <= MOST:
        raise InvalidInput.at("chunkLimit", f"a number from 1 to {MOST}")
    filters = body.filters or {}
    check_filters(filters)
    settings = body.settings or SettingsBody()
    return Question(
        body.question,
        limit if body.limit is None else whole("chunkLimit", body.limit, f"a whole number from 1 to {MOST}"),
        synthesis=body.synthesis is not False,
        narrowing=Narrowing(filters, body.tags if isinstance(body, LegacyBody) else None),
        instruction=body.instruction or "",
        system=settings.system or "",
        settings=_settings(settings),
    )


def legacy_out(consulted: Consulted) -> dict[str, Any]:
    """The legacy answer; `note` says why there is no `output`."""
    usage = consulted.usage
    return {
        "output": consulted.output,
        "chunks": [_chunk(passage) for passage in consulted.passages],
        "tokens": usage.asked + usage.answered,
        "queryTokens": usage.asked,
        "answerTokens": usage.answered,
        "model": usage.model,
        "multiplier": 1,
        **({"note": consulted.note} if consulted.note else {}),
    }


def stable_out(consulted: Consulted, question: Question, duration_ms: int) -> dict[str, Any]:
    """The stable answer; nothing is billed, so all multipliers are 1. `model` was asked, or else is who was to be."""
    usage = consulted.usage
    counted = {
        "queryTokens": usage.asked,
        "answerTokens": usage.answered,
        "cacheWriteTokens": 0,
        "queryCachedTokens": usage.cached,
    }
    answer = {
        "model": usage.model if usage.asked else question.settings.model or usage.model,
        "output": consulted.output,
        "tokens": usage.asked + usage.answered,
        "duration": duration_ms,
        **counted,
        "inputMultiplier": 1,
        "cacheMultiplier": 1,
        "outputMultiplier": 1,
        "cacheWriteMultiplier": 1,
        "queryRemainderTokens": usage.asked - usage.cached,
        "base": counted,
        "chunks": [_chunk(passage) for passage in consulted.passages],
    }
    return {"answer": answer | ({"note": consulted.note} if consulted.note else {})}


def _chunk(passage: Passage) -> dict[str, Any]:
    return {
        "score": passage.score,
        "chunkID": passage.id,
        "documentID": passage.document,
        "content": passage.content,
        "source": passage.data,
        "metadata": passage.metadata,
    }


def _settings(settings: SettingsBody) -> ModelSettings:
    tokens = settings.max_tokens if settings.max_tokens is not None else settings.legacy_max_tokens
    if tokens is not None:
        if not 1 <= tokens <= MOST_TOKENS:
            raise InvalidInput.at("settings.maxTokens", "a number above 0")
        tokens = whole("settings.maxTokens", tokens, "a whole number")
    effort = "low" if settings.effort == "minimal" else settings.effort
    return ModelSettings(settings.model, settings.temperature, tokens, effort)
