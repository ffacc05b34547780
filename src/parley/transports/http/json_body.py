"""JSON bodies: decoded into a shape, or refused with the path of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from parley.errors import InvalidInput, ParleyError

DEEPEST = 100
"""Values inside one another. What is decoded must also be encoded again, deeper inside the store's own."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `(?P<type>[^`]*)`")
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]*)`")
_WORDS = {"bool": "boolean", "str": "string", "int": "integer", "float": "number"}

Shape = TypeVar("Shape")


class MalformedJson(ParleyError):
    """The body is not JSON."""

    code = "malformed_json"


def decode(decoder: Callable[[bytes], Shape], body: bytes) -> Shape:
    """The body in the decoder's shape. Raises `MalformedJson`, `InvalidInput`."""
    # Counting brackets is far cheaper than measuring depth, and settles it for nearly every body.
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(body)
    try:
        return decoder(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(_malformed(body, error)) from error


def whole(path: str, value: float, what: str) -> int:
    """A number without a fraction: JSON does not tell 20 from 20.0. Raises `InvalidInput`."""
    if not float(value).is_integer():
        raise InvalidInput.at(path, what)
    return int(value)


def _check_depth(body: bytes) -> None:
    depth = 0
    in_string = False
    for token in re.finditer(rb'\\.|["\[\]{}]', body, re.DOTALL):
        mark = token[0]
        if mark == b'"':
            in_string = not in_string
        elif in_string:
            continue
        elif mark in (b"[", b"{"):
            depth += 1
            if depth > DEEPEST:
                raise InvalidInput(f"body: expected at most {DEEPEST} values inside one another")
        else:
            depth -= mark in (b"]", b"}")


def _malformed(body: bytes, error: Exception) -> str:
    if not body:
        return "The body is empty; a JSON object is expected."
    if isinstance(error, UnicodeDecodeError):
        return "The body is not UTF-8."
    if _SURROGATE.search(body) is not None:
        return "The body is not valid JSON: a \\u escape is half of a surrogate pair."
    why = str(error).removeprefix("JSON is malformed: ")
    return f"The body is not valid JSON: {why}."


def _invalid(message: str) -> InvalidInput:
    match = _AT.match(message)
    what, path = (message, None) if match is None else (match["what"], match["path"])
    place = (path or "$").removeprefix("$").removeprefix(".")
    missing = _MISSING.match(what)
    if missing is not None:
        return InvalidInput.at(".".join(filter(None, (place, missing["field"]))), "a value, but there is none")
    expected = _EXPECTED.match(what)
    if expected is None:
        return InvalidInput(f"{place or 'body'}: {what[:1].lower()}{what[1:]}")
    kinds = [_WORDS.get(kind, kind) for kind in expected["type"].split(" | ")]
    return InvalidInput.at(place or "body", " or ".join(kinds))
