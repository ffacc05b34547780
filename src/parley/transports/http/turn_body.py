"""The bodies of turns as clients send them, and the posts that they become.

Shapes: Conversations API 1.2 (v4), 2.1 (legacy stream), 2.2 (legacy state interact); decisions, "v4 bodies".
Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parley.domain.actions import Action, Custom, NoReply, parse_action
from parley.domain.program import Concurrency
from parley.domain.transcript import TurnConfig
from parley.errors import InvalidInput
from parley.session.handle import Post
from parley.transports.http.json_body import decode
from parley.transports.http.request import Request

ENCODINGS = ("audio/mp3", "audio/x-mulaw", "audio/pcm")
LOGS = ("off", "error", "warn", "info", "verbose", "true", "false")
POLICIES = get_args(Concurrency)
LONGEST_KEY = 256
LEGACY_EXCLUDED = frozenset({"block", "debug", "flow"})
PLAIN = TurnConfig()


class V4Config(Struct, rename="camel"):
    """`config` on v4."""

    user_timezone: str | None = None
    completion_events: bool | None = None
    audio_events: bool | None = None
    audio_encoding: str | None = None
    exclude_types: list[str] | None = None
    state: bool | None = None
    concurrency: str | None = None
    logs: str | None = None


class V4Body(Struct):
    """The body of both v4 interact routes."""

    action: Any = None
    variables: dict[str, Any] | None = None
    state: Any = None
    config: V4Config | None = None


class StreamBody(Struct):
    """The body of the legacy stream. `action` may be null, but not absent."""

    action: Any | UnsetType = UNSET
    variables: dict[str, Any] | None = None
    session: str | None = msgspec.field(name="sessionID", default=None)


class LegacyState(Struct):
    """`state` on the legacy interact route: only its variables are used."""

    variables: dict[str, Any] | None = None


class LegacyConfig(Struct, rename="camel"):
    """`config` on the legacy interact route."""

    tts: bool | None = None
    strip_ssml: bool | None = msgspec.field(name="stripSSML", default=None)
    stop_all: bool | None = None
    stop_types: list[str] | None = None
    exclude_types: list[str] | None = None
    self_delegate: bool | None = None
    logs: str | None = None


class LegacyBody(Struct):
    """The body of the legacy interact route. `request` is the old name of `action`."""

    action: Any = None
    request: Any = None
    state: LegacyState | None = None
    config: LegacyConfig | None = None


class EventBody(Struct):
    """The body of the session event."""

    action: Any = None


_decode_v4 = msgspec.json.Decoder(V4Body).decode
_decode_stream = msgspec.json.Decoder(StreamBody).decode
_decode_legacy = msgspec.json.Decoder(LegacyBody).decode
_decode_event = msgspec.json.Decoder(EventBody).decode


def v4_post(body: bytes, key: str | None) -> Post:
    """The post that a v4 body asks for. Raises `InvalidInput`, `MalformedJson`."""
    asked = decode(_decode_v4, body)
    config = PLAIN if asked.config is None else _v4_config(asked.config)
    variables = asked.variables or {}
    if asked.state is not None:
        variables = {**_state_variables(asked.state), **variables}
    return Post(parse_action(asked.action), config, variables, key)


def _v4_config(config: V4Config) -> TurnConfig:
    if config.concurrency is not None and config.concurrency not in POLICIES:
        raise InvalidInput.at("config.concurrency", " or ".join(POLICIES))
    if config.audio_encoding is not None and config.audio_encoding not in ENCODINGS:
        raise InvalidInput.at("config.audioEncoding", " or ".join(ENCODINGS))
    if config.logs is not None and config.logs not in LOGS:
        raise InvalidInput.at("config.logs", " or ".join(LOGS))
    return TurnConfig(
        exclude_types=frozenset(config.exclude_types or ()),
        completion_events=bool(config.completion_events),
        audio_events=bool(config.audio_events),
        audio_encoding=config.audio_encoding,
        user_timezone=config.user_timezone,
        state=bool(config.state),
        concurrency=config.concurrency,
        logs=config.logs,
    )


def _state_variables(state: Any) -> dict[str, Any]:
    """The schema of `state` is "any" and the documented sample sends a string: only an object means something."""
    if not isinstance(state, dict):
        return {}
    for name in state:
        if name != "variables":
            raise InvalidInput(
                f"state.{name}: only 'variables' can be given here; the rest of the state is the server's"
            )
    variables = state.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise InvalidInput.at("state.variables", "object")
    return variables or {}


def stream_post(request: Request, body: bytes, key: str | None) -> Post:
    """The post that a legacy stream request asks for, by its query and its body."""
    request.one_of("modality", ("voice", "chat", "api"))
    config = TurnConfig(
        logs=request.one_of("logs", LOGS),
        completion_events=request.flag("completion_events"),
        audio_events=request.flag("audio_events"),
        audio_encoding=request.one_of("audio_encoding", ENCODINGS),
        user_timezone=request.query("userTimezone") or None,
        state=request.flag("state"),
    )
    asked = decode(_decode_stream, body)
    if asked.action is UNSET:
        raise InvalidInput.at("action", "object or null")
    variables = dict(asked.variables or {})
    if asked.session is not None:
        variables["session_id"] = asked.session
    return Post(_or_silence(asked.action), config, variables, key)


def legacy_post(
    request: Request, body: bytes, key: str | None, current: Mapping[str, Any], *, shows_state: bool
) -> Post:
    """The post that a legacy interact request asks for; its variables are merged into the `current` ones, deeply."""
    asked = decode(_decode_legacy, body)
    action = asked.action if asked.action is not None else asked.request
    variables = (asked.state and asked.state.variables) or {}
    merged = {name: deep_merged(current.get(name), value) for name, value in variables.items()}
    config = _legacy_config(asked.config or LegacyConfig(), shows_state, request.one_of("logs", LOGS))
    return Post(_or_silence(action), config, merged, key)


def _legacy_config(config: LegacyConfig, shows_state: bool, logs: str | None) -> TurnConfig:
    excluded = LEGACY_EXCLUDED if config.exclude_types is None else frozenset(config.exclude_types)
    return TurnConfig(
        exclude_types=excluded,
        stop_types=frozenset(config.stop_types or ()),
        stop_all=bool(config.stop_all),
        self_delegate=bool(config.self_delegate),
        strip_ssml=config.strip_ssml is not False,
        state=shows_state,
        logs=config.logs or logs,
    )


def deep_merged(old: Any, new: Any) -> Any:
    """Objects are merged key by key, everything else is replaced."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{name: deep_merged(old.get(name), value) for name, value in new.items()}}


def _or_silence(action: Any) -> Action:
    """No action on the legacy routes: a launch where nothing has begun, else the user's silence (engine, 1.5)."""
    return NoReply({"type": "no-reply"}) if action is None else parse_action(action)


def event_action(body: bytes) -> Action:
    """The action of a session event: any type with any payload (Emit session event)."""
    action = decode(_decode_event, body).action
    try:
        return parse_action(action)
    except InvalidInput as error:
        if error.message.startswith("action.payload"):
            return Custom(action, action.get("payload"))
        raise


def key_of(request: Request) -> str | None:
    """The client's own name for its action. Raises `InvalidInput`."""
    key = request.header(b"idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable() and key.isascii()):
        raise InvalidInput.at("Idempotency-Key", f"1 to {LONGEST_KEY} printable ASCII characters")
    return key or None


def checked_user(value: Any, longest: int) -> str:
    """A user's id. Raises `InvalidInput`."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise InvalidInput.at("userID", f"string of 1 to {longest} characters")
    if any(ord(c) < 32 or ord(c) == 127 for c in value):
        raise InvalidInput.at("userID", "text without control characters")
    return value
