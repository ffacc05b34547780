"""Dates and times in texts, relative ones too, as ISO 8601. What is not a day or an hour is none.

Read by `dateparser` in the agent's language, from the moment of the turn in the user's zone, and towards the future:
"friday" is the coming one. Loading it takes 0.2 s, reading a text about a millisecond; complete ISO dates need neither.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from parley.engine.moment import Moment
from parley.engine.numerals import whole_number

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

_LONGEST = 200
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])", re.ASCII)
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d-])", re.ASCII)
_ISO_TIME = re.compile(
    r"(?<![\d:])(?:T|at |um |à )?([01]?\d|2[0-3])[:.h]([0-5]\d)(?![\d:.]|\s?[ap]\.?m)", re.IGNORECASE
)
_NUMBERS_ONLY = re.compile(r"[\d\s.,]*")
_EXACT = frozenset({"day", "time", "part_of_day"})
_WEEK = frozenset({"week"})
_MONTH = frozenset({"month"})
_BROKEN = (ValueError, OverflowError, TypeError, AttributeError, IndexError, KeyError, RecursionError)
"""What the parser raises for texts that it did not expect."""


def whole_day(text: str, moment: Moment) -> str | None:
    """The day that a reply names: `2026-01-31`. Weeks and months are their first possible day."""
    return day(text, moment) or _date_of(_read(text, moment, _WEEK) or _month(text, moment))


def day(text: str, moment: Moment) -> str | None:
    """The day that a text mentions."""
    return _day(text, moment) or _date_of(_mentioned(text, moment))


def time(text: str, moment: Moment) -> str | None:
    """The time of day that a text mentions: `15:30`."""
    match = _ISO_TIME.search(text[:_LONGEST])
    if match is not None:
        return f"{int(match[1]):02}:{match[2]}"
    found = _mentioned(text, moment)
    return None if found is None or not found[1] else f"{found[0]:%H:%M}"


def instant(text: str, moment: Moment) -> str | None:
    """A day with its time and the user's offset where the text has one, else the day alone."""
    found = _read(text, moment, _EXACT) or _mentioned(text, moment)
    if found is None:
        return _day(text, moment)
    at, has_time = found
    return at.replace(tzinfo=moment.now.tzinfo).isoformat(timespec="minutes") if has_time else at.date().isoformat()


def load() -> None:
    """Load the parser, so that no turn has to wait for that."""
    _read("tomorrow at 5", Moment(0), _EXACT)


def _day(text: str, moment: Moment) -> str | None:
    """A complete date in digits. 5/6/2026 is read as the locale has it, where that is a day."""
    match = _ISO.search(text[:_LONGEST])
    if match is not None:
        return _date(match[1], match[2], match[3])
    match = _NUMERIC.search(text[:_LONGEST])
    if match is None:
        return None
    first, second = (match[3], match[1]) if match[2] == "/" and moment.has_month_first else (match[1], match[3])
    return _date(match[4], second, first) or _date(match[4], first, second)


def _date(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _date_of(found: tuple[datetime, bool] | None) -> str | None:
    return None if found is None else found[0].date().isoformat()


def _month(text: str, moment: Moment) -> tuple[datetime, bool] | None:
    """A month by its name; "five" is none."""
    return _read(text, moment, _MONTH) if whole_number(text, moment) is None else None


def _mentioned(text: str, moment: Moment) -> tuple[datetime, bool] | None:
    """The first day or time in a text that says other things too."""
    text = text[:_LONGEST]
    return (
        _read(text, moment, _EXACT)
        or _read(text, moment, _EXACT, IGNORE_SURROUNDING_TEXT=True)
        or _read(_spans(text, moment), moment, _EXACT)
    )


def _spans(text: str, moment: Moment) -> str:
    """All that looks like a part of a date."""
    from dateparser.search import search_dates

    try:
        found = search_dates(text, languages=[_language(moment)], settings=_settings(moment))
    except _BROKEN:
        return ""
    return " ".join(span for span, *_ in found or ())


def _read(text: str, moment: Moment, periods: frozenset[str], **more: Any) -> tuple[datetime, bool] | None:
    """The moment that the text is, and whether it has a time. None for numbers: 3 is no month, and 2026 no day."""
    text = text[:_LONGEST]
    if _NUMBERS_ONLY.fullmatch(text):
        return None
    try:
        data = _parser(moment, more).get_date_data(text)
    except _BROKEN:
        return None
    if data.date_obj is None or data.period not in periods:
        return None
    return data.date_obj.replace(tzinfo=None), data.period in ("time", "part_of_day")


def _parser(moment: Moment, more: dict[str, Any]) -> DateDataParser:
    from dateparser.data.languages_info import language_locale_dict
    from dateparser.date import DateDataParser

    language = _language(moment)
    locale = f"{language}-{moment.region}"
    settings = _settings(moment) | more
    if locale in language_locale_dict[language]:
        return DateDataParser(locales=[locale], settings=settings)
    return DateDataParser(languages=[language], settings=settings)


def _language(moment: Moment) -> str:
    from dateparser.data.languages_info import language_locale_dict

    return moment.language if moment.language in language_locale_dict else "en"


def _settings(moment: Moment) -> dict[str, Any]:
    now = moment.now
    return {
        "RELATIVE_BASE": now.replace(tzinfo=None, microsecond=0),
        "PREFER_DATES_FROM": "future",
        "RETURN_TIME_AS_PERIOD": True,
        "TIMEZONE": str(now.tzinfo),
        "TO_TIMEZONE": str(now.tzinfo),
    }
