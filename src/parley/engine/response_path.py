"""Finding something in a response's JSON: `items[0].name`, `response.items[{random}]`.

Source: engine, section 1.10 (`integrations/custom_api`, mapping).
"""

from __future__ import annotations

import re
from random import Random
from typing import Any

_TOKEN = re.compile(r"\[\s*(\{random\}|-?[0-9]{1,9})\s*\]|\[\s*[\"']([^\"'\]]*)[\"']\s*\]|\.?([^.\[\]]+)", re.ASCII)
_ROOT = "response"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_LONGEST_NUMBER = 16

MISSING = object()


def find_in(response: Any, path: str, chance: Random) -> Any:
    """What lies there; `MISSING` where the path leads nowhere. A text that is a short number becomes one."""
    tokens = [(index or key or name) for index, key, name in _TOKEN.findall(path.strip())]
    if tokens and tokens[0] == _ROOT and not (isinstance(response, dict) and _ROOT in response):
        tokens = tokens[1:]
    elif tokens == [_ROOT] or not tokens:
        tokens = []
    elif tokens[0] == _ROOT and len(tokens) > 1:
        inner = _follow(response, tokens, chance)
        return _value(inner if inner is not MISSING else _follow(response, tokens[1:], chance))
    return _value(_follow(response, tokens, chance))


def _follow(value: Any, tokens: list[str], chance: Random) -> Any:
    for token in tokens:
        if isinstance(value, list) and token == "{random}":
            if not value:
                return MISSING
            value = chance.choice(value)
        elif isinstance(value, list) and token.lstrip("-").isdecimal():
            index = int(token)
            if not -len(value) <= index < len(value):
                return MISSING
            value = value[index]
        elif isinstance(value, list | str) and token == "length":
            value = len(value)
        elif isinstance(value, dict) and token in value:
            value = value[token]
        else:
            return MISSING
    return value


def _value(value: Any) -> Any:
    if not isinstance(value, str) or not 0 < len(value) < _LONGEST_NUMBER or _NUMBER.fullmatch(value) is None:
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
