"""`Intl` in scripts says what Node says, for the locales that it knows, and what is written down where it says less."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parley.backends.scripts.context import Limits
from parley.backends.scripts.inline import InlineScripts
from parley.backends.scripts.intl import mentions_intl
from parley.backends.scripts.workers import Workers
from parley.ports.scripts import Script

SCRIPT = Path(__file__).with_name("intl_cases.js").read_text("utf-8")
CASES = re.findall(r"^  '?([a-z ]+)'?: \(\) =>", SCRIPT, re.MULTILINE)
THOUSAND = re.compile(r'"compactDisplay":"long"}-?[0-9.]+ (-?1,2 millier|mille)$')
"""French and Italian have words for about a thousand that no plural tells apart."""
LARGE = Limits(seconds=60, code_bytes=512 * 1024 * 1024, output=16 * 1024 * 1024)


def script_of(case: str) -> str:
    return f"{SCRIPT}\nsaid = CASES[{json.dumps(case)}]()"


async def said_by(scripts: Any, source: str) -> Any:
    ran = await scripts.run(Script("code", source, '[["said", null]]'))
    assert ran.error is None, ran.error
    return json.loads(ran.value)["variables"]["said"]


def by_node(source: str) -> Any:
    program = f"let said;\n{source}\nprocess.stdout.write(JSON.stringify(said))"
    done = subprocess.run(["node", "-e", program], capture_output=True, check=True, env={"TZ": "UTC"}, timeout=60)
    return json.loads(done.stdout)


def flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


@pytest.mark.node
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
@pytest.mark.parametrize("case", CASES)
async def test_it_says_what_node_says(case: str) -> None:
    theirs, ours = by_node(script_of(case)), await said_by(InlineScripts(limits=LARGE), script_of(case))
    differ = [pair for pair in zip(flat(ours), flat(theirs), strict=True) if pair[0] != pair[1]]
    assert [pair for pair in differ if not THOUSAND.search(pair[1])] == []


@pytest.fixture(params=["inline", "workers"])
async def scripts(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    made: Any = InlineScripts() if request.param == "inline" else Workers()
    await made.open()
    yield made
    await made.close()


async def test_the_usual_ways_to_say_dates_and_money(scripts: Any) -> None:
    source = """const date = new Date(Date.UTC(2025, 6, 4, 16, 5)); said = [
        date.toLocaleString('en-US', {timeZone: 'America/New_York'}),
        Intl.DateTimeFormat('en-GB', {dateStyle: 'full', timeZone: 'Europe/London'}).format(date),
        new Intl.NumberFormat('de-DE', {style: 'currency', currency: 'EUR'}).format(1234.5),
        (1234567.891).toLocaleString(),
        Intl.DateTimeFormat().resolvedOptions().timeZone]"""
    assert await said_by(scripts, source) == [
        "7/4/2025, 12:05:00 PM", "Friday, 4 July 2025", "1.234,50\u00a0€", "1,234,567.891", "UTC",
    ]  # fmt: skip


async def test_functions_have_it_too(scripts: Any) -> None:
    source = "export default (args) => args.inputVars.n.toLocaleString(args.inputVars.locale)"
    given = '{"inputVars": {"n": 1234.5, "locale": "fr-FR"}}'
    ran = await scripts.run(Script("function", source, given))
    assert json.loads(ran.value)["result"] == "1\u202f234,5"


async def test_a_zone_made_while_it_runs_follows_the_rule_of_today(scripts: Any) -> None:
    source = (
        "said = new Date(Date.UTC(2025, 6, 4)).toLocaleTimeString('en-GB', {timeZone: ['Asia', 'Tokyo'].join('/')})"
    )
    assert await said_by(scripts, source) == "09:00:00"


async def test_a_replayed_script_says_the_time_of_then(scripts: Any) -> None:
    source = "said = new Date().toLocaleDateString('en-US', {timeZone: 'UTC'})"
    ran = await scripts.run(Script("code", source, '[["said", null]]', now_ms=0))
    assert json.loads(ran.value)["variables"]["said"] == "1/1/1970"


async def test_other_scripts_have_none_of_it(scripts: Any) -> None:
    assert not mentions_intl("x = name.toLocaleUpperCase() + interval")
    assert await said_by(scripts, "said = typeof globalThis['In' + 'tl']") == "undefined"


async def test_what_is_not_there_says_so(scripts: Any) -> None:
    source = "try { new Intl.NumberFormat('en', {style: 'unit', unit: 'liter'}) } catch (e) { said = e.message }"
    assert "is not available here" in await said_by(scripts, source)
