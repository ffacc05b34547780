"""Signatures of the S3 protocol, computed here: of forms that browsers post, and of URLs. Knows no network.

Source: AWS Signature Version 4, as S3 and the stores that speak like it verify it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from parley.ports.files import Window

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SECONDS = 7 * 24 * 3600

Condition = dict[str, str] | list[str | int]


class S3Credentials(Struct, frozen=True):
    """Who signs. `token` is for keys that were issued for a while."""

    key: str
    secret: str
    region: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"S3Credentials({self.key})"


def signed_form(
    credentials: S3Credentials, fields: Mapping[str, str], conditions: list[Condition], window: Window
) -> dict[str, str]:
    """The fields of a form that S3 takes until the window closes. `conditions` hold beside the fields themselves."""
    time = _time(window.now_ms)
    signing: dict[str, str] = {
        **fields,
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": _credential(credentials, time),
        "x-amz-date": time,
    }
    if credentials.token is not None:
        signing["x-amz-security-token"] = credentials.token
    expires = datetime.fromtimestamp(window.until_ms / 1000, UTC)
    policy = b64encode(
        msgspec.json.encode(
            {
                "expiration": f"{expires:%Y-%m-%dT%H:%M:%S}.000Z",
                "conditions": [*({name: value} for name, value in signing.items()), *conditions],
            }
        )
    ).decode()
    return {**signing, "policy": policy, "x-amz-signature": signature(credentials, time, policy)}


def signed_url(
    credentials: S3Credentials,
    method: str,
    url: str,
    window: Window,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> str:
    """The URL, signed for one method until the window closes. `headers` must be sent as given here (lower case)."""
    parts = urlsplit(url)
    time = _time(window.now_ms)
    signed = dict(sorted({"host": parts.netloc, **(headers or {})}.items()))
    seconds = max(1, min(LONGEST_SECONDS, (window.until_ms - window.now_ms) // 1000))
    whole: dict[str, str] = {
        **(query or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": _credential(credentials, time),
        "X-Amz-Date": time,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": ";".join(signed),
    }
    if credentials.token is not None:
        whole["X-Amz-Security-Token"] = credentials.token
    canonical_query = "&".join(f"{_escaped(name)}={_escaped(whole[name])}" for name in sorted(whole))
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in signed.items())
    canonical = "\n".join([method, parts.path or "/", canonical_query, lines, ";".join(signed), "UNSIGNED-PAYLOAD"])
    to_sign = "\n".join([ALGORITHM, time, _scope(credentials, time), hashlib.sha256(canonical.encode()).hexdigest()])
    return f"{url}?{canonical_query}&X-Amz-Signature={signature(credentials, time, to_sign)}"


def signature(credentials: S3Credentials, time: str, text: str) -> str:
    """The signature of a text at a time (`20250131T120000Z`), hexadecimal."""
    key = f"AWS4{credentials.secret}".encode()
    for part in (time[:8], credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y%m%dT%H%M%SZ}"


def _scope(credentials: S3Credentials, time: str) -> str:
    return f"{time[:8]}/{credentials.region}/s3/aws4_request"


def _credential(credentials: S3Credentials, time: str) -> str:
    return f"{credentials.key}/{_scope(credentials, time)}"


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
