"""What people write for numbers, dates, addresses and the like, and what is understood of it, here and elsewhere."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.engine.builtin_entities import BUILTINS
from parley.engine.moment import Moment
from parley.engine.words import LONGEST

NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z, a Thursday
HERE = Moment(NOON)
SYDNEY = Moment(NOON, ("Australia/Sydney",), "en-AU")
BERLIN = Moment(NOON, ("Europe/Berlin",), "de-DE")
LONDON = Moment(NOON, ("Europe/London",), "en-GB")
PIECES = (
    *("tomorrow", "at", "in", "on", "next", "friday", "may", "3rd", "12", "31", "99999", ":30", "5pm", "/", "-"),
    *(".", ",", "ago", "week", "utc", "+14", "am", "0"),
)
PARIS = Moment(NOON, ("Europe/Paris",), "fr-FR")


def whole(kind: str, text: str, moment: Moment = HERE) -> Any:
    return BUILTINS[kind][0](text, moment)


def find(kind: str, text: str, moment: Moment = HERE) -> Any:
    return BUILTINS[kind][1](text, moment)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "twenty five", 25),
        ("number", "two thousand and twenty-six", 2026),
        ("number", "one", 1),
        ("number", "a hundred", 100),
        ("number", "one point five", 1.5),
        ("number", "none of them", None),
        ("ordinal", "the third", 3),
        ("ordinal", "22nd", 22),
        ("ordinal", "number two", 2),
        ("ordinal", "the last", None),
        ("percentage", "20 %", 20),
        ("percentage", "twenty five percent", 25),
        ("percentage", "12.5%", 12.5),
        ("percentage", "30", 30),
        ("age", "I'm 36 years old", 36),
        ("age", "thirty six", 36),
        ("age", "4711", None),
        ("currency", "20 euros", "20 EUR"),
        ("currency", "$9.50", "9.5 USD"),
        ("currency", "1,200 USD", "1200 USD"),
        ("currency", "fifty bucks", "50 USD"),
        ("currency", "35", "35"),
        ("duration", "two hours and 30 minutes", "PT2H30M"),
        ("duration", "an hour and a half", "PT1H30M"),
        ("duration", "half an hour", "PT30M"),
        ("duration", "10 days", "P10D"),
        ("duration", "a week", "P7D"),
        ("duration", "soon", None),
        ("email", "Ada.Lovelace+tea@Example.ORG", "Ada.Lovelace+tea@example.org"),
        ("email", "ada@exämple.de.", "ada@exämple.de"),
        ("email", "a..b@example.org", None),
        ("email", "ada@-example.org", None),
        ("email", "ada at example dot org", None),
        ("phone", "(202) 555-0143", "+12025550143"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "12345", None),
        ("url", "example.org/shop", "example.org/shop"),
        ("url", "www.example.org.", "www.example.org"),
        ("url", "no idea", None),
        ("location", "I live in New York", "New York"),
        ("location", "berlin", "berlin"),
        ("location", "12", None),
        ("date", "tomorrow", "2026-01-02"),
        ("date", "in two weeks", "2026-01-15"),
        ("date", "the day after tomorrow", "2026-01-03"),
        ("date", "next week", "2026-01-08"),
        ("date", "03/04/2026", "2026-03-04"),
        ("date", "the 3rd of march", "2026-03-03"),
        ("date", "5", None),
        ("date", "five", None),
        ("date", "2026", None),
        ("date", "a large pizza", None),
        ("time", "half past nothing", None),
        ("time", "5 pm", "17:00"),
        ("time", "17:30", "17:30"),
        ("time", "noon", "12:00"),
        ("time", "in 20 minutes", "12:20"),
        ("time", "tomorrow", None),
        ("datetime", "tomorrow at 5pm", "2026-01-02T17:00+00:00"),
        ("datetime", "friday", "2026-01-02"),
        ("datetime", "2026-05-06", "2026-05-06"),
    ],
)
def test_a_reply_that_was_asked_for(kind: str, text: str, value: Any) -> None:
    assert whole(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "I want three pizzas", 3),
        ("number", "I am one of them", None),
        ("date", "I would like to come next friday please", "2026-01-02"),
        ("date", "20 people on saturday", "2026-01-03"),
        ("date", "I have 2 dogs", None),
        ("date", "one of them", None),
        ("date", "my birthday is May 5, 1990", "1990-05-05"),
        ("time", "can you do it tomorrow at 5pm?", "17:00"),
        ("datetime", "can you do it tomorrow at 5pm?", "2026-01-02T17:00+00:00"),
        ("currency", "I can pay 20 euros a month", "20 EUR"),
        ("location", "a flight from New York please", "New York"),
        ("location", "I want tea", None),
    ],
)
def test_mentioned_in_a_text(kind: str, text: str, value: Any) -> None:
    assert find(kind, text) == value


@pytest.mark.parametrize(
    ("moment", "kind", "text", "value"),
    [
        (SYDNEY, "date", "today", "2026-01-01"),
        (SYDNEY, "datetime", "tomorrow at 5pm", "2026-01-02T17:00+11:00"),
        (SYDNEY, "time", "in 20 minutes", "23:20"),
        (LONDON, "date", "03/04/2026", "2026-04-03"),
        (LONDON, "phone", "020 7946 0958", "+442079460958"),
        (BERLIN, "date", "übermorgen", "2026-01-03"),
        (BERLIN, "date", "nächsten Freitag", "2026-01-02"),
        (BERLIN, "number", "1.234,5", 1234.5),
        (BERLIN, "number", "fünfundzwanzig", 25),
        (BERLIN, "phone", "030 901820", "+4930901820"),
        (PARIS, "datetime", "le 3 mars à 15h", "2026-03-03T15:00+01:00"),
        (PARIS, "number", "vingt-cinq", 25),
        (Moment(NOON, ("No/Where", None, 5, "Asia/Tokyo"), "xx"), "date", "today", "2026-01-01"),
    ],
)
def test_the_locale_and_the_zone_of_the_user_count(moment: Moment, kind: str, text: str, value: Any) -> None:
    assert whole(kind, text, moment) == value


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(BUILTINS)), st.text(max_size=120), st.sampled_from([HERE, SYDNEY, BERLIN]))
def test_no_text_breaks_anything(kind: str, text: str, moment: Moment) -> None:
    whole(kind, text, moment)
    find(kind, text, moment)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=12,
    )
)
def test_no_mixture_of_words_about_time_breaks_anything(words: list[str]) -> None:
    for kind in ("date", "time", "datetime", "duration", "number"):
        whole(kind, " ".join(words))
        find(kind, " ".join(words))


@pytest.mark.parametrize("text", ["1 " * 9999, "one " * 9999, "tomorrow " * 9999, "a@b." * 9999, "€5 " * 9999])
@pytest.mark.timeout(30)
def test_long_texts_are_cut(text: str) -> None:
    for kind in BUILTINS.keys() - {"text"}:
        for read in (whole, find):
            assert len(str(read(kind, text))) <= LONGEST


def test_an_agent_without_such_entities_loads_none_of_the_libraries() -> None:
    heavy = "('dateparser', 'phonenumbers', 'email_validator', 'text_to_num')"
    code = f"import sys, parley.engine.interpreter; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
