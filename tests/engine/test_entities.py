"""Entities are found the way people write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.program import Entity, EntityValue
from parley.engine.entities import Entities
from parley.engine.moment import Moment
from parley.engine.words import LONGEST

KINDS = (
    *("number", "ordinal", "percentage", "age", "currency", "duration", "email", "phone", "date", "time", "datetime"),
    *("name", "location", "text", "url"),
)
MOMENT = Moment(1_767_268_800_000)  # 2026-01-01T12:00:00Z, a Thursday

ENTITIES = Entities(
    {
        "size": Entity(
            "size", (EntityValue("small", ("little", "tiny one")), EntityValue("Large", ("big", "très grand")))
        ),
        "city": Entity("city", (EntityValue("New York"), EntityValue("York"), EntityValue("東京", ("Tokyo",)))),
        "gate": Entity("gate", (EntityValue("A12"), EntityValue("A13"))),
        "code": Entity("code", pattern=r"[A-Z]{2}-\d{5}"),
        "bad": Entity("bad", pattern=r"([a-z"),
        **{kind: Entity(kind, builtin=kind) for kind in (*KINDS, "VF.NUMBER")},
    }
)


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("size", "LITTLE", "small"),
        ("size", "I'd like the tres grand one", "Large"),
        ("size", "smal please", "small"),
        ("size", "samll please", "small"),
        ("size", "laarge", "Large"),
        ("size", "bag", None),
        ("size", "nothing of it", None),
        ("city", "from new york to here", "New York"),
        ("city", "東京まで", "東京"),
        ("gate", "gate a13!", "A13"),
        ("gate", "A14", None),
        ("code", "it is AB-12345.", "AB-12345"),
        ("code", "XAB-123456", None),
        ("bad", "abc", None),
        ("number", "about 1,234.50 euros", 1234.5),
        ("number", "minus -3", -3),
        ("number", "twenty", 20),
        ("number", "v1.2.3", None),
        ("VF.NUMBER", "5", 5),
        ("email", "write to Ada@Example.org, please", "Ada@example.org"),
        ("phone", "call +49 (170) 123-4567 now", "+491701234567"),
        ("phone", "12345", None),
        ("date", "on 2026-02-28", "2026-02-28"),
        ("date", "31.12.2026", "2026-12-31"),
        ("date", "02/29/2026", None),
        ("date", "March 3rd, 2026", "2026-03-03"),
        ("date", "3 March 2026", "2026-03-03"),
        ("date", "next Friday", "2026-01-02"),
        ("time", "at 15:30 sharp", "15:30"),
        ("url", "see https://example.org/a?b=c.", "https://example.org/a?b=c"),
        ("name", "my name is Ada Lovelace.", "Ada Lovelace"),
        ("name", "what?", None),
        ("text", "anything", None),
    ],
)
def test_found_in_a_text(entity: str, text: str, value: Any) -> None:
    assert ENTITIES.find(entity, text, MOMENT) == value


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("name", "Ada", "Ada"),
        ("name", "i'm Ada", "Ada"),
        ("name", "4711", None),
        ("text", "  anything at all ", "anything at all"),
        ("number", "five", 5),
        ("size", "the big one", "Large"),
        ("undeclared", " x ", "x"),
        ("code", "AB-12345", "AB-12345"),
    ],
)
def test_read_from_a_reply_that_was_asked_for(entity: str, text: str, value: Any) -> None:
    assert ENTITIES.whole(entity, text, MOMENT) == value


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for name in ("size", "city", "code", "bad", *KINDS):
        ENTITIES.find(name, text, MOMENT)
        ENTITIES.whole(name, text, MOMENT)


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "1" * 100_000, "a@" * 50_000, "1 " * 50_000, "+1-" * 30_000, "\u202e🙂" * 50_000, "\x00" * 9999],
)
@pytest.mark.timeout(30)
def test_long_texts_are_read_to_the_end(text: str) -> None:
    for name in ("size", "city", "code", *KINDS):
        assert len(str(ENTITIES.find(name, text, MOMENT))) <= LONGEST


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|aa)+$", r"(a|a)*b", r"a*a*a*a*a*b", r"(\w+\s?)+!", r"(?:a{0,30}){0,30}b", r"(.*)(.*)(.*)x"],
)
@pytest.mark.timeout(30)
def test_no_pattern_can_stop_the_process(pattern: str) -> None:
    entities = Entities({"x": Entity("x", pattern=pattern)})
    for text in ("a" * 5000 + "!", ("a" * 17 + " ") * 500):
        found = entities.find("x", text, MOMENT)
        assert found is None or found in text
    assert entities.whole("x", "a" * 18, MOMENT) in (None, "a" * 18)
