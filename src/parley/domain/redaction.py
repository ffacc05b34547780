"""Blackening what must not be kept: values of secrets, and what an agent's author names by kind or by pattern.

Knows texts and JSON, not who keeps them. A text that is JSON is blackened value by value, so that it stays JSON.
"""

from __future__ import annotations

import base64
import html
import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

BLACK = "[redacted]"
KINDS = {
    "email": r"[^\s<>()\[\],;:\"'@]{1,64}@[^\s<>()\[\],;:\"'@/]{1,255}",
    "phone": r"(?<![\w.])\+?\(?[0-9][0-9 ()./-]{5,22}[0-9](?!\w)",
    "card": r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])",
    "iban": r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
    "url": r"https?://[^\s<>\"']{1,500}",
    "number": r"(?<![\w.])[-+]?[0-9]+(?:[.,][0-9]+)*(?!\w)",
}
"""Kinds that an author may name instead of a pattern."""
_SHORTEST_SECRET = 4


@lru_cache(maxsize=256)
def patterns(redact: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns of an agent's rules. Raises `re.error`, `OverflowError`."""
    return tuple(re.compile(KINDS.get(rule, rule)) for rule in redact)


def _forms(value: str) -> set[str]:
    """What a secret may look like on its way: as it is, in addresses, in JSON, in pages, in a header of its own."""
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    packed = {base64.b64encode(value.encode("utf-8", "replace")).decode().rstrip("=")}
    lower = {value.lower(), *(re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in quoted)}
    escaped = {"".join(f"\\u{ord(each):04x}" for each in value), "".join(f"\\u{ord(each):04X}" for each in value)}
    return {value, html.escape(value), html.escape(value, quote=False)} | quoted | written | packed | lower | escaped


def secret_mark(name: str) -> str:
    """What stands for the value of a secret: the same in an address, in a form and in JSON."""
    return f"__secret_{re.sub(r'[^A-Za-z0-9]', '_', name)}__"


class Redaction:
    """The rules of one agent, and the secrets that have come up so far."""

    def __init__(self, redact: tuple[str, ...] = ()) -> None:
        self._patterns = patterns(redact)
        self._secrets: dict[str, str] = {}

    def hide(self, name: str, value: str) -> None:
        """From here on this secret is blackened, however it was encoded on its way."""
        if len(value) >= _SHORTEST_SECRET:
            known = self._secrets | dict.fromkeys(_forms(value), secret_mark(name))
            # The longest first: one secret may begin with another.
            self._secrets = dict(sorted(known.items(), key=lambda each: -len(each[0])))

    def text(self, text: str) -> str:
        """The text without secrets; blackened where it is plain, value by value where it is JSON."""
        for value, mark in self._secrets.items():
            if value in text:
                text = text.replace(value, mark)
        if not any(pattern.search(text) for pattern in self._patterns):
            return text
        if text[:1] in ("{", "["):
            try:
                return json.dumps(self._values(json.loads(text)), ensure_ascii=False)
            except (ValueError, RecursionError):
                pass
        return self._black(text)

    def json(self, value: Any) -> Any:
        """The JSON value, with all its texts and numbers seen to."""
        return self._values(value) if self._patterns or self._secrets else value

    def _values(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._values(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._values(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and self._patterns:
            shown = str(value)
            black = self._black(shown)
            return value if black == shown else black
        return value

    def _black(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(BLACK, text)
        return text
