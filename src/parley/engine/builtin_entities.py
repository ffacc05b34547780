"""The entities that exist in every project, by the name of their kind, and how each is found in texts.

What is searched is bounded in length, and no text raises: what cannot be read is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from parley.engine import contacts, dates, numerals
from parley.engine.moment import Moment

Finder = Callable[[str, Moment], Any]

_CALLED = re.compile(r"(?i:\b(?:my name is|i am|i'm|call me|this is)) ((?:[^\W\d_][\w'’.-]{0,40} ?){1,4})")
_NAME = re.compile(r"[^\W\d_][\w'’.-]{0,60}(?: [^\W\d_][\w'’.-]{0,60}){0,4}")
_PLACED = re.compile(r"\b(?:in|from|to|near|at) ((?:[A-ZÀ-Þ][\w'’.-]{0,40}(?:,? )?){1,4})")
_WHERE = re.compile(r"(?i:^(?:(?:i am|i'm|i live|we are|it is|it's) )?(?:in|from|to|near|at|around) )")
_LONGEST_PLACE = 100


def name(text: str, moment: Moment) -> str | None:
    """What follows "my name is" and its like."""
    match = _CALLED.search(text)
    return None if match is None else match[1].strip(" .,!")


def whole_name(text: str, moment: Moment) -> str | None:
    """A reply that is a name: up to five words without digits, perhaps introduced."""
    return name(text, moment) or (text.strip(" .,!") if _NAME.fullmatch(text.strip(" .,!")) else None)


def place(text: str, moment: Moment) -> str | None:
    """A word or a few with capitals after "in", "from", "to", "near" or "at"."""
    match = _PLACED.search(text)
    return None if match is None else match[1].strip(" .,!")


def whole_place(text: str, moment: Moment) -> str | None:
    """A reply without what introduces a place, where there are letters left."""
    said = _WHERE.sub("", text.strip()).strip(" .,!?")
    return said if said and len(said) <= _LONGEST_PLACE and any(c.isalpha() for c in said) else None


def anything(text: str, moment: Moment) -> str | None:
    """The whole reply."""
    return text.strip() or None


def nothing(text: str, moment: Moment) -> str | None:
    """Never found: for kinds that are only ever the whole reply."""
    return None


BUILTINS: dict[str, tuple[Finder, Finder]] = {
    "number": (numerals.whole_number, numerals.number),
    "ordinal": (numerals.whole_ordinal, numerals.ordinal),
    "percentage": (numerals.whole_percentage, numerals.percentage),
    "age": (numerals.whole_age, numerals.age),
    "currency": (numerals.whole_money, numerals.money),
    "duration": (numerals.duration, numerals.duration),
    "email": (contacts.email, contacts.email),
    "phone": (contacts.phone, contacts.phone),
    "phonenumber": (contacts.phone, contacts.phone),
    "url": (contacts.whole_url, contacts.url),
    "date": (dates.whole_day, dates.day),
    "time": (dates.time, dates.time),
    "datetime": (dates.instant, dates.instant),
    "name": (whole_name, name),
    "location": (whole_place, place),
    "text": (anything, nothing),
}
"""Kind -> how it is read from a reply that was asked for, and how it is found inside any text."""

LOADERS: dict[str, Callable[[], None]] = dict.fromkeys(("date", "time", "datetime"), dates.load)
"""Kind -> what is better done before the first text is read."""
