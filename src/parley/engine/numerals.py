"""Numbers in texts, in digits or in words: plain, ordinal, percentages, ages, amounts of money, durations.

Words are read by `text2num` (seven languages; English where it does not know the agent's), which is loaded when the
first text without digits is read.
"""

from __future__ import annotations

import re

from parley.engine.moment import Moment

_LONGEST = 300
"""So many characters are searched for numbers in words."""
_COMMA = frozenset(
    (
        "cs",
        "da",
        "de",
        "el",
        "es",
        "fi",
        "fr",
        "id",
        "it",
        "nb",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sv",
        "tr",
        "uk",
        "vi",
    )
)
"""Languages that write 1.234,5."""
_SPOKEN = frozenset({"en", "fr", "es", "de", "it", "pt", "nl"})

_POINTED = re.compile(r"(?<![\w.])[+-]?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,30})(?:\.\d{1,30})?(?![\w])", re.ASCII)
_COMMAED = re.compile(r"(?<![\w,])[+-]?(?:\d{1,3}(?:\.\d{3}){1,6}|\d{1,30})(?:,\d{1,30})?(?![\w])", re.ASCII)
_AMOUNT = r"[+-]?\d[\d.,]{0,30}"
_ORDINAL = re.compile(r"(?<![\w.])(\d{1,9})(?:st|nd|rd|th|er|e|º|ª|\.)(?!\w)", re.IGNORECASE)
_PERCENT = re.compile(rf"({_AMOUNT})\s?(?:%|percent\b|per cent\b|prozent\b|pour cent\b|por ciento\b)", re.IGNORECASE)
_YEARS = re.compile(r"(?<![\w.])(\d{1,3})(?=\s?(?:years?\b|yrs?\b|y/?o\b|-year))", re.IGNORECASE)
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH"}
_NAMES = {
    "euro": "EUR",
    "dollar": "USD",
    "buck": "USD",
    "pound": "GBP",
    "quid": "GBP",
    "yen": "JPY",
    "rupee": "INR",
    "franc": "CHF",
    "peso": "MXN",
    "zloty": "PLN",
    "krona": "SEK",
}
_CODES = frozenset(_SIGNS.values()) | frozenset(_NAMES.values())
_CODES |= {"CAD", "AUD", "NZD", "NOK", "DKK", "CZK", "HUF", "BRL", "CNY", "ZAR", "SGD", "HKD"}
_MONEY = re.compile(
    rf"(?P<before>[€$£¥₹₽₩₺₴]|\b[A-Z]{{3}}\b)?\s?(?P<amount>{_AMOUNT})\s?(?P<after>[€$£¥₹₽₩₺₴]|[A-Za-z]{{3,8}}\b)?"
)
_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(
    r"(\d{1,6}(?:[.,]\d{1,3})?)\s?(weeks?|wks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|s)(?![a-z])",
    re.IGNORECASE,
)
_HALF = re.compile(
    r"\b(?:half an|half a) (hour|day|minute)\b|\b(an?) (hour|day|week|minute)\b(?: and a half)?", re.IGNORECASE
)


def number(text: str, moment: Moment) -> int | float | None:
    """The first number that a text mentions."""
    found = _in_digits(text, moment)
    return found if found is not None else _in_digits(_digits_for_words(text, moment, 3), moment)


def whole_number(text: str, moment: Moment) -> int | float | None:
    """The number that a reply is: "one" counts here, and not in "that one"."""
    found = _in_digits(text, moment)
    return found if found is not None else _in_digits(_digits_for_words(text, moment, 0), moment)


def ordinal(text: str, moment: Moment) -> int | None:
    """The first ordinal number: third, 3rd."""
    match = _ORDINAL.search(text[:_LONGEST]) or _ORDINAL.search(_digits_for_words(text, moment, 0))
    return None if match is None else int(match[1])


def whole_ordinal(text: str, moment: Moment) -> int | None:
    """Also "number 3" where an ordinal was asked for."""
    found = ordinal(text, moment)
    if found is not None:
        return found
    plain = whole_number(text, moment)
    return plain if isinstance(plain, int) and plain > 0 else None


def percentage(text: str, moment: Moment) -> int | float | None:
    """The number before a percent sign or its word."""
    match = _PERCENT.search(text[:_LONGEST]) or _PERCENT.search(_digits_for_words(text, moment, 0))
    return None if match is None else _in_digits(match[1].rstrip(".,"), moment)


def whole_percentage(text: str, moment: Moment) -> int | float | None:
    """Also a number alone."""
    found = percentage(text, moment)
    return whole_number(text, moment) if found is None else found


def age(text: str, moment: Moment) -> int | None:
    """Years: "36 years old"."""
    match = _YEARS.search(text[:_LONGEST]) or _YEARS.search(_digits_for_words(text, moment, 0))
    return None if match is None else int(match[1])


def whole_age(text: str, moment: Moment) -> int | None:
    """Also a number alone, from 0 to 150."""
    found = age(text, moment)
    if found is not None:
        return found
    plain = whole_number(text, moment)
    return plain if isinstance(plain, int) and 0 <= plain <= 150 else None


def money(text: str, moment: Moment) -> str | None:
    """An amount with its currency: `20 EUR`, `9.5 USD`."""
    for said in (text[:_LONGEST], _digits_for_words(text, moment, 0)):
        for match in _MONEY.finditer(said):
            code = _currency(match["before"]) or _currency(match["after"])
            amount = _in_digits(match["amount"].rstrip(".,"), moment)
            if code is not None and amount is not None:
                return f"{amount} {code}"
    return None


def whole_money(text: str, moment: Moment) -> str | None:
    """Also a number alone."""
    found = money(text, moment)
    plain = whole_number(text, moment) if found is None else None
    return found if plain is None else str(plain)


def duration(text: str, moment: Moment) -> str | None:
    """A span of time in ISO 8601: two and a half hours are `PT2H30M`, ten days `P10D`."""
    said = _digits_for_words(_HALF.sub(_half, text[:_LONGEST]), moment, 0)
    seconds = 0.0
    for match in _SPAN.finditer(said):
        seconds += float(match[1].replace(",", ".")) * _UNITS[match[2][0].lower()]
    return _iso_duration(round(seconds)) if seconds >= 1 else None


def _half(match: re.Match[str]) -> str:
    if match[1]:
        return {"hour": "30 minutes", "day": "12 hours", "minute": "30 seconds"}[match[1].lower()]
    return f"1.5 {match[3]}" if match[0].lower().endswith("half") else f"1 {match[3]}"


def _iso_duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count)
    return f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def _in_digits(text: str, moment: Moment) -> int | float | None:
    has_comma = moment.language in _COMMA
    match = (_COMMAED if has_comma else _POINTED).search(text)
    if match is None:
        return None
    digits = match[0].replace(".", "").replace(",", ".") if has_comma else match[0].replace(",", "")
    return float(digits) if "." in digits else int(digits)


def _digits_for_words(text: str, moment: Moment, least: int) -> str:
    """The text with its numbers in digits. Words for numbers below `least` stay where they stand alone ("one")."""
    from text_to_num import alpha2digit

    language = moment.language if moment.language in _SPOKEN else "en"
    try:
        return str(alpha2digit(text[:_LONGEST], language, threshold=least))
    except (ValueError, OverflowError, IndexError):
        return ""


def _currency(written: str | None) -> str | None:
    if not written:
        return None
    name = written.lower()
    return (
        _SIGNS.get(written)
        or (written.upper() if written.upper() in _CODES else None)
        or _NAMES.get(name)
        or _NAMES.get(name.removesuffix("s"))
    )
