"""How a socket client wants its answers: the `config` of its first message."""

from __future__ import annotations

from typing import Any, get_args

from parley.domain.program import Concurrency
from parley.domain.transcript import TurnConfig
from parley.errors import InvalidInput

POLICIES = get_args(Concurrency)
ENCODINGS = ("audio/x-mulaw", "audio/pcm", "audio/mp3")


def turn_config(config: Any, *, stateful: bool = False) -> TurnConfig:
    """The config of every turn of this client. Raises `InvalidInput` naming the field."""
    if config is None:
        config = {}
    if not isinstance(config, dict):
        raise InvalidInput.at("config", "object")
    encoding = config.get("audioEncoding")
    if encoding is not None and encoding not in ENCODINGS:
        raise InvalidInput.at("config.audioEncoding", f"one of {', '.join(ENCODINGS)}")
    timezone = config.get("userTimezone")
    if timezone is not None and not isinstance(timezone, str):
        raise InvalidInput.at("config.userTimezone", "string")
    excluded = config.get("excludeTypes") or []
    if not isinstance(excluded, list) or not all(isinstance(kind, str) for kind in excluded):
        raise InvalidInput.at("config.excludeTypes", "array of strings")
    return TurnConfig(
        completion_events=_flag(config, "completionEvents"),
        audio_events=_flag(config, "audioEvents"),
        audio_encoding=encoding,
        user_timezone=timezone or None,
        exclude_types=frozenset(excluded),
        concurrency=_concurrency(config),
        state=stateful,
    )


def _flag(config: dict[str, Any], name: str) -> bool:
    value = config.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidInput.at(f"config.{name}", "boolean")
    return bool(value)


def _concurrency(config: dict[str, Any]) -> str | None:
    value = config.get("concurrency")
    if value is not None and value not in POLICIES:
        raise InvalidInput.at("config.concurrency", "one of " + ", ".join(POLICIES))
    return value
