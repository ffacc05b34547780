"""`Intl` for scripts that mention it: which locales and time zones one needs, as JavaScript that is run before it.

What is known of locales lies in `locales.txt`, what formats with it in `intl_*.js`. The rules of
time zones are those of `tzdata`. A worker opens no files: this is done where the script comes from.
"""

from __future__ import annotations

import json
import re
import struct
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

_MENTIONED = re.compile(r"\bIntl\b|\btoLocale(?:Date|Time)?String\b")
_ANY = r"\bIntl\b(?!\s*\.)"
_WORDS = "PluralRules|RelativeTimeFormat|ListFormat|Collator"
_PARTS = {
    "base": re.compile(""),
    "numbers": re.compile(rf"{_ANY}|toLocaleString|NumberFormat|{_WORDS}"),
    "words": re.compile(rf"{_ANY}|{_WORDS}"),
    "dates": re.compile(rf"{_ANY}|toLocale|DateTimeFormat"),
}
"""The JavaScript in the order in which it is run, and what of a script's source asks for it."""
_LOCALE = re.compile(r"\b([a-z]{2,3})-(?:[A-Za-z]{4}-)?([A-Z]{2}|[0-9]{3})\b|[\"'`]([a-z]{2})[\"'`]", re.IGNORECASE)
_ZONE = re.compile(r"\b[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+){1,2}")
_USUAL = "en-US"
_MOST_ZONES = 20
"""Of one script, whose past is told; of all others the rule that holds now."""


def mentions_intl(source: str) -> bool:
    """The script mentions `Intl`, or `toLocaleString` and its like: all others pay nothing."""
    return _MENTIONED.search(source) is not None


def prelude_of(source: str, given: str) -> str:
    """What to run before a script that mentions them."""
    known, wanted = _locales(), {_USUAL}
    for text in (source, given):
        for language, region, alone in _LOCALE.findall(text):
            wanted.update(_like((language or alone).lower(), region.upper()))
    zones = sorted({name for text in (source, given) for name in _ZONE.findall(text)} & _rules().keys())[:_MOST_ZONES]
    locales = ",".join(f"{json.dumps(tag)}:{json.dumps(known[tag])}" for tag in known if tag in wanted)
    history = ",".join(f"{json.dumps(name)}:{_history(name)}" for name in zones)
    code = "".join(_code(part) for part, mention in _PARTS.items() if mention.search(source))
    return f"(() => {{'use strict';const LOCALES={{{locales}}},HISTORY={{{history}}},ZONES={_zones()};\n{code}}})()"


def _like(language: str, region: str) -> tuple[str, ...]:
    """The locale itself, else the first of its language."""
    tag = f"{language}-{region}"
    if tag in _locales():
        return (tag,)
    return tuple(known for known in _locales() if known.startswith(f"{language}-"))[:1]


@lru_cache(maxsize=1)
def _locales() -> dict[str, str]:
    lines = (Path(__file__).with_name("locales.txt").read_text("utf-8")).strip().split("\n")
    return dict(line.split("\t", 1) for line in lines)


@lru_cache(maxsize=len(_PARTS))
def _code(part: str) -> str:
    return Path(__file__).with_name(f"intl_{part}.js").read_text("utf-8")


@lru_cache(maxsize=1)
def _zones() -> str:
    return json.dumps("\n" + "".join(f"{name}={rule}\n" for name, rule in _rules().items()))


@lru_cache(maxsize=1)
def _rules() -> dict[str, str]:
    """The rule of each zone that holds from its last change on, as POSIX writes it."""
    names = files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name: _file(name).rsplit(b"\n", 2)[-2].decode("ascii") for name in names if "/" in name}


@lru_cache(maxsize=256)
def _history(name: str) -> str:
    """JSON: when the offset changed (seconds), the offsets before, between and after, and which are of summer time.

    Source: RFC 9636, the version 2 part of the file.
    """
    data = _file(name)
    start = 44 + _size(struct.unpack_from(">6I", data, 20), 4)
    counts = struct.unpack_from(">6I", data, start + 20)
    changes, types = counts[3], counts[4]
    body = start + 44
    times = struct.unpack_from(f">{changes}q", data, body)
    kinds = struct.unpack_from(f">{changes}B", data, body + changes * 8)
    offsets = [struct.unpack_from(">ib", data, body + changes * 9 + i * 6) for i in range(types)]
    used = [offsets[0], *(offsets[kind] for kind in kinds)]
    return json.dumps([times, [offset for offset, _ in used], [summer for _, summer in used]], separators=(",", ":"))


def _size(counts: tuple[int, ...], wide: int) -> int:
    """Bytes of a part of the file whose times are `wide` bytes."""
    marks, standards, leaps, changes, types, letters = counts
    return changes * (wide + 1) + types * 6 + letters + leaps * (wide + 4) + standards + marks


def _file(name: str) -> bytes:
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
