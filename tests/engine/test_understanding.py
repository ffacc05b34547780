"""Intents are understood the way people write, without a language model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.program import Entity, EntityValue, Intent
from parley.engine.moment import Moment
from parley.engine.understanding import Understanding

MOMENT = Moment(1_767_268_800_000)  # 2026-01-01T12:00:00Z, a Thursday

UNDERSTANDING = Understanding(
    {
        "human": Intent("human", ("talk to a person", "agent please", "human", "👍 human")),
        "on": Intent("on", ("turn on the light",)),
        "refund": Intent("refund", ("what's your refund policy?", "Café crème")),
        "track": Intent("track", ("track {code}", "where is order {code} now", "{size} {topping} pizza")),
        "remind": Intent("remind", ("remind me to {what}", "call {who} at {phone}")),
        "human2": Intent("human2", ("human",)),
    },
    {
        "code": Entity("code", pattern=r"[A-Z]{2}-\d{5}"),
        "size": Entity("size", (EntityValue("small"), EntityValue("extra large"))),
        "topping": Entity("topping", (EntityValue("ham"), EntityValue("green olives"))),
        "what": Entity("what", builtin="text"),
        "who": Entity("who", builtin="name"),
        "phone": Entity("phone", builtin="phone"),
    },
)


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("Talk to a PERSON!!", "human", 1.0),
        ("Whats your refund policy", "refund", 1.0),
        ("What’s your refund policy?", "refund", 1.0),
        ("cafe creme", "refund", 1.0),
        ("track AB-12345", "track", 1.0),
        ("where is order AB-12345 now?", "track", 1.0),
        ("where is order banana now?", "track", 0.5),
        ("extra large green olives pizza", "track", 1.0),
        ("remind me to buy milk, eggs and tea", "remind", 0.6),
        ("call Ada at +49 170 1234567", "remind", 1.0),
    ],
)
def test_meaning(text: str, intent: str, confidence: float) -> None:
    understood = UNDERSTANDING.understand(text, MOMENT)
    assert understood is not None
    assert (understood.intent, understood.confidence) == (intent, confidence)


@pytest.mark.parametrize("text", ["talk to a persn", "tlak to a person", "talk to person", "agent plaese"])
def test_typos(text: str) -> None:
    understood = UNDERSTANDING.understand(text, MOMENT)
    assert understood is None or understood.intent == "human"
    if text != "talk to person":
        assert understood is not None
        assert 0.6 < understood.confidence < 1.0


@pytest.mark.parametrize(
    "text", ["", "   ", "?!", "turn off the light", "remind me to", "track", "human rights violations"]
)
def test_no_meaning(text: str) -> None:
    assert UNDERSTANDING.understand(text, MOMENT) is None


def test_only_what_is_in_scope() -> None:
    assert UNDERSTANDING.understand("human", MOMENT, {"human2"}).intent == "human2"  # type: ignore[union-attr]
    assert UNDERSTANDING.understand("human", MOMENT, {"track"}) is None
    assert UNDERSTANDING.understand("human", MOMENT, set()) is None


def test_entities_of_the_utterance() -> None:
    understood = UNDERSTANDING.understand("Call Ada Lovelace at +49 170 1234567.", MOMENT)
    assert understood is not None
    assert [(e["name"], e["value"]) for e in understood.entities] == [
        ("who", "Ada Lovelace"),
        ("phone", "+491701234567"),
    ]


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    understood = UNDERSTANDING.understand(text, MOMENT)
    assert understood is None or 0 < understood.confidence <= 1


def test_long_texts_and_many_utterances_are_fast() -> None:
    many = Understanding(
        {
            f"i{n}": Intent(f"i{n}", tuple(f"{verb} my {noun} {n}" for verb in "abc" for noun in "xyz"))
            for n in range(100)
        },
        {},
    )
    many.understand("a my x 1", MOMENT)
    for text in ("talk to a person " * 6000, "a" * 100_000, "\u202eمرحبا 🙂 " * 10_000, "remind me to " * 9000):
        for each in (UNDERSTANDING, many):
            found = each.understand(text, MOMENT)
            assert found is None or found.confidence <= 1.0


def test_utterances_with_gaps_are_found_in_the_order_in_which_they_were_written() -> None:
    many = Understanding(
        {
            "any": Intent("any", ("{who} {what}",)),
            "buy": Intent("buy", ("buy {what}", "buy {what} now")),
            "now": Intent("now", ("{what} now",)),
        },
        {"who": Entity("who", builtin="text"), "what": Entity("what", builtin="text")},
    )
    assert many.understand("buy milk", MOMENT, {"buy", "now"}).intent == "buy"  # type: ignore[union-attr]
    assert many.understand("come now", MOMENT, {"buy", "now"}).intent == "now"  # type: ignore[union-attr]
    assert many.understand("buy milk", MOMENT).intent == "any"  # type: ignore[union-attr]
    assert many.understand("milk", MOMENT) is None
