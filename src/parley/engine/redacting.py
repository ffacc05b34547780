"""Taking the secrets that a turn has got to know out of what comes from the world, and out of what it tells."""

from __future__ import annotations

import json
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from parley.domain.redaction import Redaction
from parley.domain.traces import Trace
from parley.ports.tools import Response

_Told = TypeVar("_Told", bound=Trace)
_ESCAPE = "\\u"


def redacted(trace: _Told, redaction: Redaction) -> _Told:
    """The trace without secrets."""
    plain = msgspec.to_builtins(trace)
    hidden = redaction.json(plain)
    return trace if hidden == plain else msgspec.convert(hidden, type(trace))


def redacted_text(text: str, redaction: Redaction | None) -> str:
    """The text without secrets, also where it is JSON that hides them behind escapes."""
    if redaction is None:
        return text
    hidden = redaction.text(text)
    if _ESCAPE in hidden:
        try:
            found = json.loads(hidden)
        except (ValueError, RecursionError):
            return hidden
        clean = redaction.json(found)
        return hidden if clean == found else json.dumps(clean, ensure_ascii=False)
    return hidden


def host_of(url: str, redaction: Redaction | None) -> str:
    """The host of an address, as it may be shown."""
    try:
        return urlsplit(url if redaction is None else redaction.text(url)).hostname or "?"
    except ValueError:
        return "?"


def redacted_reason(message: str, url: str, redaction: Redaction | None) -> str:
    """Why something at this address failed. A host that is a part of a secret is hidden too."""
    if redaction is None:
        return message
    host, shown = host_of(url, None), host_of(url, redaction)
    return redacted_text(message if host == shown else message.replace(host, shown), redaction)


def redacted_response(response: Response, redaction: Redaction | None) -> Response:
    """The response without secrets: a service may send back whatever it was sent."""
    if redaction is None:
        return response
    return replace(
        response,
        reason=redaction.text(response.reason),
        url=redaction.text(response.url),
        headers=tuple((redaction.text(name), redaction.text(value)) for name, value in response.headers),
        body=_redacted_body(response.body, redaction),
    )


def _redacted_body(body: bytes, redaction: Redaction) -> bytes:
    """What is no text keeps its bytes, all but the secret's."""
    text = body.decode("utf-8", "surrogateescape")
    return redacted_text(text, redaction).encode("utf-8", "surrogateescape")
