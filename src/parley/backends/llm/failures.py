"""What a provider's error means to who asked. Nothing of what the provider wrote is repeated but short code words:
providers quote keys and prompts in their messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from parley.ports.llm import Failure, ModelUnavailable

LONGEST_CODE = 48
_WORD = re.compile(rf"[A-Za-z_.]{{3,{LONGEST_CODE}}}")
_FILTERED = ("content_filter", "contentfilter", "content_policy", "responsibleai", "safety", "moderation")
_USED_UP = ("insufficient_quota", "billing", "credit_balance", "quota_exceeded")
_TOO_LONG = ("context_length", "contextlength", "too_long", "request_too_large")
_OVERLOADED = ("overloaded", "unavailable", "server_error", "internal", "api_error", "busy")


def of_status(who: str, status: int, body: bytes, headers: Mapping[str, str], now_ms: int) -> ModelUnavailable:
    """The failure that an HTTP status tells."""
    codes = codes_in(_decoded(body))
    detail = f" (HTTP {status}{''.join(f', {code}' for code in codes)})"
    said = " ".join(codes).lower()
    known = _known(who, said, detail)
    if known is not None and status not in (401, 403, 404) and status < 500:
        return known
    match status:
        case 401:
            return ModelUnavailable(f"{who} refuses the key{detail}: check the key", "unauthorized")
        case 403:
            return ModelUnavailable(f"{who} may not be used with this key{detail}", "unauthorized")
        case 404 | 405 | 410:
            return ModelUnavailable(f"{who} is not found{detail}: check the model's name and the URL", "refused")
        case 408 | 504:
            return ModelUnavailable(f"{who} took too long{detail}", "timeout", retry_after(headers, now_ms))
        case 429:
            wait = retry_after(headers, now_ms)
            return ModelUnavailable(f"{who} is asked more often than it allows{detail}", "rate_limited", wait)
        case _ if status >= 500 or status in (409, 425):
            wait = retry_after(headers, now_ms)
            return ModelUnavailable(f"{who} is out of order{detail}", "unavailable", wait)
        case _ if 300 <= status < 400:
            return ModelUnavailable(f"{who} is elsewhere{detail}: set the URL that it redirects to", "refused")
        case _:
            return ModelUnavailable(f"{who} refuses the request{detail}", "refused")


def of_error(who: str, error: Any) -> ModelUnavailable:
    """The failure that an error object in a stream tells."""
    codes = codes_in(error)
    status = _status_in(error)
    if status is not None and status >= 400:
        return of_status(who, status, msgspec.json.encode(error), {}, 0)
    said = " ".join(codes).lower()
    detail = f" ({', '.join(codes)})" if codes else ""
    known = _known(who, said, detail)
    if known is not None:
        return known
    kinds: tuple[tuple[tuple[str, ...], Failure, str], ...] = (
        (("authentication", "permission", "invalid_api_key"), "unauthorized", "refuses the key"),
        (("rate_limit", "too_many", "resource_exhausted"), "rate_limited", "is asked more often than it allows"),
        (("timeout", "deadline"), "timeout", "took too long"),
        (_OVERLOADED, "unavailable", "is out of order"),
        (("not_found", "invalid"), "refused", "refuses the request"),
    )
    for words, failure, text in kinds:
        if any(word in said for word in words):
            return ModelUnavailable(f"{who} {text}{detail}", failure)
    return ModelUnavailable(f"{who} failed while it answered{detail}", "unavailable")


def codes_in(body: Any) -> tuple[str, ...]:
    """The code words of an error: its type, code, status and the parameter that it is about."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ()
    inner = error.get("innererror")
    found = [error.get(name) for name in ("type", "code", "status", "param")]
    found += [inner.get("code")] if isinstance(inner, dict) else []
    words = [each for each in found if isinstance(each, str) and _WORD.fullmatch(each) and each != "error"]
    return tuple(dict.fromkeys(words))


def retry_after(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Seconds until the provider wants to be asked again."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
            return float(value) / unit
        if value and unit == 1.0:
            try:
                return max(0.0, parsedate_to_datetime(value).timestamp() - now_ms / 1000)
            except ValueError:
                return None
    return None


def _known(who: str, said: str, detail: str) -> ModelUnavailable | None:
    """What its code words say plainly, whatever the status is."""
    if any(word in said for word in _FILTERED):
        return ModelUnavailable(f"{who} does not answer this: its content filter{detail}", "filtered")
    if any(word in said for word in _USED_UP):
        return ModelUnavailable(f"{who} is not paid for: the quota is used up{detail}", "refused")
    if any(word in said for word in _TOO_LONG):
        return ModelUnavailable(f"{who} cannot read so much: the conversation is too long{detail}", "refused")
    return None


def _status_in(error: Any) -> int | None:
    inner = error.get("error", error) if isinstance(error, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
