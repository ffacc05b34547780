"""Addresses of people and pages in texts: e-mail, telephone, web. Nothing is asked of the network.

E-mail is checked by `email-validator` and telephone numbers by `phonenumbers`, each loaded when a text holds something
that could be one.
"""

from __future__ import annotations

import re

from parley.engine.moment import Moment

_LONGEST = 500
_EMAIL = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"'@/]{1,255}")
_PHONE = re.compile(r"(?<!\w)\+?\(?\d[\d ()./-]{5,22}\d(?!\w)", re.ASCII)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']{1,500}", re.IGNORECASE)
_SITE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}(?:/[^\s<>\"']{0,400})?", re.IGNORECASE)
_MOST = 5
"""So many candidates of one text are looked at."""


def email(text: str, moment: Moment) -> str | None:
    """The first e-mail address that is written as one must be; its domain in lower case, as mail servers know it."""
    found = _EMAIL.findall(text[:_LONGEST])[:_MOST]
    if not found:
        return None
    from email_validator import EmailNotValidError, validate_email

    for candidate in found:
        try:
            return validate_email(candidate.strip(".!?…"), check_deliverability=False).normalized
        except EmailNotValidError:
            continue
    return None


def phone(text: str, moment: Moment) -> str | None:
    """The first telephone number: as it is dialled from anywhere (`+12025550143`) if that is known, else as written."""
    candidates = [match for match in _PHONE.finditer(text[:_LONGEST]) if 7 <= _digits(match[0]) <= 15]
    if not candidates:
        return None
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

    for match in candidates[:_MOST]:
        try:
            number = parse(match[0], moment.region or None)
        except NumberParseException:
            continue
        if is_possible_number(number):
            return format_number(number, PhoneNumberFormat.E164)
    return candidates[0][0].strip()


def url(text: str, moment: Moment) -> str | None:
    """The first address of a page that says that it is one."""
    match = _URL.search(text[:_LONGEST])
    return None if match is None else match[0].rstrip(".,;!?")


def whole_url(text: str, moment: Moment) -> str | None:
    """Also a bare host: `example.org/shop`."""
    site = text.strip().rstrip(".,;!?")
    return url(text, moment) or (site if len(site) <= _LONGEST and _SITE.fullmatch(site) else None)


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)
