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
_RUN = re.compile(r"[A-Za-z0-9]+")


@lru_cache(maxsize=256)
def patterns(redact: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns of an agent's rules. Raises `re.error`, `OverflowError`."""
    return tuple(re.compile(KINDS.get(rule, rule)) for rule in redact)


@lru_cache(maxsize=256)
def _pattern(value: str) -> re.Pattern[str]:
    """A secret in whatever form it comes back: any of its characters may be escaped as JSON, addresses and pages do."""
    return re.compile(f"{''.join(map(_forms, value))}|{re.escape(_packed(value))}", re.IGNORECASE)


def _may_hold(text: str, value: str) -> bool:
    """Whether looking closer is worth its time: nothing is escaped in most of the text that services send."""
    run = max(_RUN.findall(value), key=len, default="")
    is_escaped = "%" in text or "\\u" in text.lower() or "&" in text
    return is_escaped or run.lower() in text.lower() or _packed(value) in text


def _packed(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "replace")).decode().rstrip("=")


def _forms(letter: str) -> str:
    """A pattern for one character."""
    units = letter.encode("utf-16-be", "surrogatepass")
    escaped = "".join(rf"\\{{1,8}}u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
    address = "".join(f"%{byte:02x}" for byte in letter.encode("utf-8", "replace"))
    forms = {escaped, address, re.escape(html.escape(letter))}
    forms |= {rf"&#0*{ord(letter)};", rf"&#x0*{ord(letter):x};"}
    forms |= {rf"\\{{1,8}}{re.escape(json.dumps(letter)[2:-1])}"} if letter in '"\\\b\f\n\r\t' else set()
    forms |= {r"\\{1,8}/"} if letter == "/" else {r"\+"} if letter == " " else set()
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))}|{re.escape(letter)})"


def secret_mark(name: str) -> str:
    """What stands for the value of a secret: the same in an address, in a form and in JSON."""
    return f"__secret_{re.sub(r'[^A-Za-z0-9]', '_', name)}__"


class Redaction:
    """The rules of one agent, and the secrets that have come up so far."""

    def __init__(self, redact: tuple[str, ...] = ()) -> None:
        self._patterns = patterns(redact)
        self._secrets: dict[str, str] = {}
        """Marks by value, the longest first: one secret may begin with another."""

    def hide(self, name: str, value: str) -> None:
        """From here on this secret is blackened, however it was encoded on its way."""
        if len(value) >= _SHORTEST_SECRET:
            known = self._secrets | {value: secret_mark(name)}
            self._secrets = dict(sorted(known.items(), key=lambda each: -len(each[0])))

    def text(self, text: str) -> str:
        """The text without secrets; blackened where it is plain, value by value where it is JSON."""
        for value, mark in self._secrets.items():
            if _may_hold(text, value):
                text = _pattern(value).sub(mark, text)
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
