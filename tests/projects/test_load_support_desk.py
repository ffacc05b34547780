"""The help desk of the examples is pleasant to talk to."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tests.conversations.driver import engine_driver
from tests.conversations.talk import Talk

from parley.domain.program import Program
from parley.projects.load import load

MENU = [
    "📦 Track my order",
    "💳 A question about a bill",
    "🕘 Opening hours",
    "🫖 What's new",
    "🙋 Talk to a person",
    "Read the help pages",
]
GREETING: list[Any] = [
    {"user": "launch"},
    {"mentions": ["What's your name?"]},
    {"user": "Ada"},
    {"mentions": ["Nice to meet you, Ada.", "How can I help?", {"choice": MENU}]},
]
ELSE: list[Any] = [{"mentions": ["Is there anything else, Ada?", {"choice": ["Yes, please", "No, that's all"]}]}]


@cache
def desk() -> Program:
    """The help desk."""
    loaded = load(Path(__file__).parents[2] / "examples/support_desk")
    assert (loaded.project.id, loaded.project.environments[0].alias) == ("support_desk", "main")
    return loaded.project.environments[0].program


async def talk(*exchanges: Any) -> None:
    """A conversation that begins with the greeting."""
    conversation = Talk(engine_driver(desk()))
    for exchange in [*GREETING, *exchanges]:
        await conversation.play(exchange)


async def test_an_order_is_tracked_by_its_number() -> None:
    await talk(
        {"user": "track my order"},
        {"mentions": ["What is the order number?"]},
        {"user": "I don't know"},
        {"mentions": ["It looks like AB-12345; you'll find it at the top of our e-mail."]},
        {"user": "ab-12345"},
        {"mentions": ["Good news! AB-12345 is on its way and arrives in two days. 🚚", {"type": "visual"}]},
        *ELSE,
    )


async def test_an_order_is_tracked_in_one_sentence() -> None:
    await talk(
        {"user": "where is order AB-12344"}, {"mentions": ["AB-12344 is still being packed. It leaves us tomorrow."]}
    )


async def test_a_person_is_fetched_from_anywhere() -> None:
    await talk(
        {"user": "talk to a person"},
        {"mentions": [{"type": "handoff", "payload": {"customer": "Ada", "queue": "desk"}}]},
        {"user": {"type": "nobody_there"}},
        {"mentions": ["Nobody is free right now. We'll call you back today."]},
        *ELSE,
    )


async def test_the_survey_is_the_end() -> None:
    await talk(
        {"presses": "🕘 Opening hours"},
        *ELSE,
        {"user": "no thanks"},
        {"mentions": [{"choice": ["⭐", "⭐⭐", "⭐⭐⭐"]}]},
        {"presses": "⭐"},
        {"mentions": ["Oh dear. What went wrong?"]},
        {"user": "too slow"},
        {"variables": {"comment": "too slow", "rating": 1}},
        {"mentions": ["Thank you, Ada. We'll do better.", "Goodbye, Ada! 👋", "end"]},
        {"ended": True},
    )


async def test_a_payment_interrupts_and_the_question_is_asked_again() -> None:
    await talk({"event": "payment_received"}, {"mentions": ["How can I help?", {"choice": MENU}]})


async def test_a_bill_above_the_limit_needs_a_person() -> None:
    await talk(
        {"user": "I was charged 500"}, {"mentions": ["That needs a person. I'll fetch one.", {"type": "handoff"}]}
    )


async def test_tea_is_sold_from_a_carousel() -> None:
    await talk(
        {"user": "what do you sell"},
        {"mentions": [{"carousel": ["First-flush Darjeeling", "Smoky Lapsang"]}]},
        {"presses": "I'll take it"},
        {"mentions": [{"type": "cardV2"}]},
        *ELSE,
    )


async def test_what_is_not_understood_leads_to_a_person_in_the_end() -> None:
    await talk(
        {"user": "blue elephants"},
        {"mentions": ["I can track orders, look at bills, tell opening hours, and fetch a person."]},
        {"user": "blue elephants"},
        {"user": "blue elephants"},
        {"mentions": [{"type": "handoff"}]},
    )
