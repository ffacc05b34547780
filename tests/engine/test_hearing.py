"""What a turn gets from the world is heard, whichever port it comes from."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.recording import Heard, Recording
from parley.domain.redaction import BLACK, KINDS, Redaction, secret_mark
from parley.engine import hearing
from parley.engine.ear import Listening, Question
from parley.engine.world import NOWHERE, World
from parley.ports.tools import Request, RequestFailed

UNHEARD = {"sleep": "time passes in a replay too", "vault": "a turn gets the secrets of its own project"}


def test_every_port_of_the_world_is_heard_or_known_not_to_be() -> None:
    assert {field.name for field in dataclasses.fields(World)} == {*hearing._WRAPPERS, *UNHEARD}


async def test_nothing_is_made_before_something_is_asked() -> None:
    def ear() -> Listening:
        raise AssertionError("nobody asked")

    world = hearing.HeardWorld(NOWHERE, ear)
    assert world.sleep is NOWHERE.sleep


async def test_a_failure_is_heard_and_passed_on() -> None:
    listening = Listening(Recording(), 0)
    with pytest.raises(RequestFailed, match="nothing can be called"):
        await hearing.HeardWorld(NOWHERE, lambda: listening).tools.send(Request("GET", "https://a.test/"))
    (exchange,) = listening.heard().exchanges
    assert (exchange.about, exchange.failed) == (
        "GET https://a.test/",
        ("request_failed", "nothing can be called from here"),
    )


async def test_a_secret_is_in_nothing_that_is_heard_however_it_was_encoded() -> None:
    listening = Listening(Recording(), 0)
    value = 'p/a ss"wörd&x'
    listening.secret("key", value)
    form = hearing.PIECES
    urls = [
        "https://a.test/?q=p%2Fa%20ss%22w%C3%B6rd%26x",
        "https://a.test/?q=p%2Fa+ss%22w%C3%B6rd%26x",
        f"body {value}",
    ]
    for url in urls:
        listening.glance(Question("tools", url, url), form, lambda url=url: [url])  # type: ignore[misc]
    heard = repr(listening.heard())
    assert "wörd" not in heard
    assert "w%C3%B6rd" not in heard
    assert heard.count(secret_mark("key")) == 2 * len(urls)


async def test_a_turn_keeps_no_more_than_it_may() -> None:
    listening = Listening(Recording(largest=100), 0)
    for n in range(40):
        listening.glance(Question("tools", str(n), ""), hearing.PIECES, lambda: ["x" * 1000])
    heard = listening.heard()
    kept = sum(len(exchange.answer[0]) for exchange in heard.exchanges)
    assert kept < 16 * 100 + 40 * len(" [cut]") + 1
    assert all(exchange.cut >= 900 for exchange in heard.exchanges)
    assert Heard() != heard


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("email", "write to ada@example.org now", "write to [redacted] now"),
        ("phone", "call +49 (30) 123456-78 now", "call [redacted] now"),
        ("card", "card 4111 1111 1111 1111.", "card [redacted]."),
        ("iban", "to DE89 3704 0044 0532 0130 00.", "to [redacted]."),
        ("url", "see https://example.org/a?b now", "see [redacted] now"),
        ("number", "7 of 1,500.20", "[redacted] of [redacted]"),
    ],
)
def test_each_kind_is_blackened(kind: str, text: str, left: str) -> None:
    assert kind in KINDS
    assert Redaction((kind,)).text(text) == left


def test_json_in_a_text_stays_json() -> None:
    black = Redaction(("number", "ada@[a-z.]+")).text('{"n": 12, "mail": "ada@example.org", "ok": true}')
    assert black == '{"n": "[redacted]", "mail": "[redacted]", "ok": true}'


@given(st.text(), st.sampled_from(sorted(KINDS)))
def test_what_is_blackened_stays_so(text: str, kind: str) -> None:
    redaction = Redaction((kind,))
    once = redaction.text(text)
    assert redaction.text(once) == once
    assert re.search(KINDS[kind], once.replace(BLACK, "")) is None or BLACK in once or once == text
