"""What a turn gets from the world is heard, whichever port it comes from."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.ids import SessionID, TurnID
from parley.domain.recording import Heard, Recording, decode_heard, encode_heard
from parley.domain.redaction import BLACK, KINDS, Redaction, secret_mark
from parley.engine import hearing
from parley.engine.ear import Listening, Question
from parley.engine.tools.errands import Errands
from parley.engine.world import NOWHERE, World
from parley.ports.effects import EffectName
from parley.ports.mcp import McpAnswer, McpFailed, McpPlace
from parley.ports.tools import Request, RequestFailed
from parley.replay.recalled import Recalled
from parley.trials.answers import McpAnswers

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


async def test_answers_of_calls_at_once_are_recalled_for_whom_they_were_and_in_their_order() -> None:
    class Servers(McpAnswers):
        """The slower tool is asked first."""

        async def call(self, place: McpPlace, tool: str, arguments: dict[str, Any], timeout: float = 20) -> McpAnswer:
            for _ in range(50 if tool == "slow" else 1):
                await asyncio.sleep(0)
            return await super().call(place, tool, arguments, timeout)

    place = McpPlace("https://mcp.test/")
    real = dataclasses.replace(
        NOWHERE, mcp=Servers({place.url: {"slow": {"text": "1"}, "fast": {"text": "2"}, "bad": {"fails": "no"}}})
    )

    async def asked(world: World) -> list[str]:
        order: list[str] = []

        async def one(tool: str, n: int) -> None:
            assert world.mcp is not None
            try:
                answer = (await world.mcp.call(place, tool, {"n": n})).text
            except McpFailed as failed:
                answer = failed.message
            order.append(f"{tool} {n}: {answer}")

        assert world.mcp is not None
        assert [tool.name for tool in await world.mcp.tools(place)] == ["slow", "fast", "bad"]
        await asyncio.gather(one("slow", 1), one("fast", 1), one("fast", 2), one("bad", 1))
        return order

    listening = Listening(Recording(), 0)
    then = await asked(hearing.HeardWorld(real, lambda: listening))
    assert then[-1] == "slow 1: 1"
    remarks: list[str] = []
    recalled = Recalled(decode_heard(encode_heard(listening.heard())), (), remarks.append, lambda: None)
    now = await asked(hearing.HeardWorld(dataclasses.replace(real, mcp=McpAnswers({})), lambda: recalled))
    assert now == then
    assert (remarks, recalled.unasked()) == ([], [])


async def test_what_was_sent_off_in_one_turn_is_known_in_another() -> None:
    name = EffectName(SessionID("s"), TurnID("t"), "place:later")

    async def work() -> bytes:
        return b'{"text":"done"}'

    errands = Errands()
    listening = Listening(Recording(), 0)
    heard = hearing.HeardWorld(dataclasses.replace(NOWHERE, errands=errands), lambda: listening)
    heard.errands.start(name, work(), keep=True)
    assert heard.errands.is_running(name)
    await errands.settle()
    assert (heard.errands.is_running(name), heard.errands.take(name)) == (False, b'{"text":"done"}')
    recalled = Recalled(listening.heard(), (), print, lambda: None)
    again = hearing.HeardWorld(NOWHERE, lambda: recalled)
    again.errands.start(name, work(), keep=True)
    assert (again.errands.is_running(name), again.errands.is_running(name)) == (True, False)
    assert again.errands.take(name) == b'{"text":"done"}'
