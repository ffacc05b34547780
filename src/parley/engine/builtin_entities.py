"""The entities that exist in every project: numbers, e-mail addresses, telephone numbers, dates, times, names, text.

Simple forms: a number is a number, a date is ISO 8601 where it is complete, everything else is the user's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from parley.engine.words import folded

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred")
_WORDS = {word: n for n, word in enumerate(_UNITS + _TEENS)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,30})(?:\.\d{1,30})?(?![\w])", re.ASCII)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII)
_PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d ()./-]{5,22}\d(?!\w)", re.ASCII)
_URL = re.compile(r"https?://[^\s<>\"']{1,500}")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", re.ASCII)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)
_DAY_MONTH = re.compile(r"(?<!\w)(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([a-z]{3,9})\.?,? (\d{4})(?!\w)", re.ASCII)
_MONTH_DAY = re.compile(r"(?<!\w)([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?!\w)", re.ASCII)
_SOON = re.compile(
    r"\b(?:today|tomorrow|yesterday|(?:next |on |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b", re.ASCII
)
_TIME = re.compile(r"(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?: ?[ap]m)?\b|(?<!\w)\d{1,2} ?[ap]m\b", re.ASCII)
_CALLED = re.compile(r"(?i:\b(?:my name is|i am|i'm|call me|this is)) ((?:[^\W\d_][\w'’.-]{0,40} ?){1,4})")
_NAME = re.compile(r"[^\W\d_][\w'’.-]{0,60}(?: [^\W\d_][\w'’.-]{0,60}){0,4}")


def number(text: str) -> int | float | None:
    """The first number, in digits or as an English word."""
    match = _NUMBER.search(text)
    if match is not None:
        digits = match[0].replace(",", "")
        return float(digits) if "." in digits else int(digits)
    return next((_WORDS[w] for w in re.findall(r"[a-z]+", folded(text)) if w in _WORDS), None)


def phone(text: str) -> str | None:
    """The first run of 7 to 15 digits that is written like a telephone number."""
    for match in _PHONE.finditer(text):
        if 7 <= sum(c.isdigit() for c in match[0]) <= 15:
            return match[0].strip()
    return None


def day(text: str) -> str | None:
    """The first date: ISO 8601, or the words of a day that only a calendar knows."""
    low = folded(text)
    for found in (_iso(low), _numeric(low), _named(low)):
        if found is not None:
            return found
    soon = _SOON.search(low)
    return None if soon is None else soon[0]


def name(text: str) -> str | None:
    """What follows "my name is" and its like."""
    match = _CALLED.search(text)
    return None if match is None else match[1].strip(" .,!")


def whole_name(text: str) -> str | None:
    """A reply that is a name: up to five words without digits, perhaps introduced."""
    return name(text) or (text.strip(" .,!") if _NAME.fullmatch(text.strip(" .,!")) else None)


def anything(text: str) -> str | None:
    """The whole reply."""
    return text.strip() or None


def nothing(text: str) -> str | None:
    """Never found: for kinds that are only ever the whole reply."""
    return None


def searching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    """The first place where the pattern is."""

    def found(text: str) -> str | None:
        match = pattern.search(text)
        return None if match is None else match[0].rstrip(".,;!?")

    return found


Finder = Callable[[str], Any]

BUILTINS: dict[str, tuple[Finder, Finder]] = {
    "number": (number, number),
    "email": (searching(_EMAIL), searching(_EMAIL)),
    "phone": (phone, phone),
    "phonenumber": (phone, phone),
    "url": (searching(_URL), searching(_URL)),
    "date": (day, day),
    "time": (searching(_TIME), searching(_TIME)),
    "name": (whole_name, name),
    "text": (anything, nothing),
}
"""Kind -> how it is read from a reply that was asked for, and how it is found inside any text."""


def _iso(text: str) -> str | None:
    match = _ISO.search(text)
    return None if match is None else _date(match[1], match[2], match[3])


def _numeric(text: str) -> str | None:
    match = _NUMERIC.search(text)
    if match is None:
        return None
    first, second = (match[1], match[3]) if match[2] != "/" else (match[3], match[1])
    return _date(match[4], second, first) or _date(match[4], first, second)


def _named(text: str) -> str | None:
    match = _DAY_MONTH.search(text)
    if match is not None:
        return _date(match[3], _month(match[2]), match[1])
    match = _MONTH_DAY.search(text)
    return None if match is None else _date(match[3], _month(match[1]), match[2])


def _month(word: str) -> int:
    return _MONTHS.index(word[:3]) + 1 if word[:3] in _MONTHS else 0


def _date(year: str, month: str | int, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
