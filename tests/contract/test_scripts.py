"""What every way to run scripts promises (ports/scripts.py): what they leave, where they go on, what they cannot do."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.backends.scripts.context import Limits
from parley.backends.scripts.inline import InlineScripts
from parley.backends.scripts.workers import Workers
from parley.ports.scripts import Fetch, Ran, Script

SHORT = Limits(seconds=0.2, code_bytes=4 * 1024 * 1024, function_bytes=8 * 1024 * 1024, output=100_000, source=50_000)


@pytest.fixture(params=["inline", "workers"])
async def scripts(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    made: Any = InlineScripts(limits=SHORT) if request.param == "inline" else Workers(limits=SHORT)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(limits=SHORT)
    await made.open()
    yield made
    await made.close()


async def run(scripts: Any, source: str, **inputs: Any) -> Ran:
    ran: Ran = await scripts.run(Script("code", source, json.dumps([list(pair) for pair in inputs.items()])))
    return ran


async def left(scripts: Any, source: str, **inputs: Any) -> Any:
    ran = await run(scripts, source, **inputs)
    assert ran.error is None, ran.error
    return inputs | json.loads(ran.value)["variables"]


async def path(scripts: Any, source: str, **inputs: Any) -> Any:
    return json.loads((await run(scripts, source, **inputs)).value)["path"]


async def call(scripts: Any, source: str, given: Any = None, fetch: Fetch | None = None) -> Ran:
    ran: Ran = await scripts.run(Script("function", source, json.dumps(given or {})), fetch)
    return ran


async def result(scripts: Any, source: str, given: Any = None, fetch: Fetch | None = None) -> Any:
    ran = await call(scripts, source, given, fetch)
    assert ran.error is None, ran.error
    return json.loads(ran.value)["result"]


async def test_variables_are_globals_that_are_read_back(scripts: Any) -> None:
    source = "age = age + 1; cart.push({n: 2}); this.name = name.toUpperCase(); global.x = 5"
    values = {"age": 30, "cart": [{"n": 1}], "name": "ada", "x": 0}
    assert await left(scripts, source, **values) == {"age": 31, "cart": [{"n": 1}, {"n": 2}], "name": "ADA", "x": 5}


async def test_only_names_that_were_there_come_back(scripts: Any) -> None:
    source = "extra = 1; var more = 2; globalThis.most = 3; age = extra + more + most"
    assert await left(scripts, source, age=0) == {"age": 6}


async def test_what_is_returned_is_the_path(scripts: Any) -> None:
    assert await path(scripts, "if (age > 18) { return 'adult' } return 'child'", age=30) == "adult"
    assert await path(scripts, "return 2") == "2"
    assert await path(scripts, "age = 1", age=0) is None
    assert await path(scripts, "return {a: 1}") is None


async def test_what_is_logged_is_kept_within_reason(scripts: Any) -> None:
    ran = await run(scripts, "console.log('a', 1, {b: [2]}); console.error('c')")
    assert json.loads(ran.value)["logged"] == ['a 1 {"b":[2]}', "c"]
    ran = await run(scripts, "for (let i = 0; i < 1000; i++) console.log('x'.repeat(5000))")
    assert ran.error is not None and "left more than" in ran.error


async def test_undefined_and_nan_become_nothing(scripts: Any) -> None:
    source = "a = undefined; b = NaN; delete globalThis.c; d = new Date(0); e = () => 1"
    assert await left(scripts, source, a=1, b=1, c=1, d=1, e=1) == {
        "a": None, "b": None, "c": None, "d": "1970-01-01T00:00:00.000Z", "e": None,
    }  # fmt: skip


async def test_variables_may_be_called_anything(scripts: Any) -> None:
    names = ["class", "a-b", "__proto__", "constructor", "Math", "undefined", "", "ü", "JSON", "toString", "fetch"]
    assert (await left(scripts, "globalThis['a-b'] = 2", **dict.fromkeys(names, 1)))["a-b"] == 2


async def test_a_failure_is_told(scripts: Any) -> None:
    assert (await run(scripts, "age = 5; nobody.name", age=1)).error == "ReferenceError: nobody is not defined"
    assert "SyntaxError" in ((await run(scripts, "let = = 1")).error or "")
    assert "mine" in ((await run(scripts, "throw new Error('mine')")).error or "")


async def test_one_run_leaves_nothing_for_the_next(scripts: Any) -> None:
    await left(scripts, "globalThis.leak = 1; Object.prototype.leak = 1; Array.prototype.map = 1; JSON.parse = null")
    await call(scripts, "Object.prototype.leak = 2; export default () => { Promise.prototype.then = null }")
    assert await left(scripts, "a = [typeof leak, typeof ({}).leak, typeof [].map]", a=0) == {
        "a": ["undefined", "undefined", "function"]
    }


@pytest.mark.parametrize("name", ["fetch", "require", "process", "std", "os", "setTimeout", "Promise", "Worker"])
async def test_there_is_no_way_out(scripts: Any, name: str) -> None:
    assert (await left(scripts, "a = typeof globalThis[name]", a=0, name=name))["a"] == "undefined"


RUNAWAYS = [
    "while (1);",
    "for (;;) try { while (1); } finally { continue }",
    "throw {toString() { while (1); }}",
    "}); throw {toString() { while (1); }}; (function () {",
    "} throw {toString() { while (1); }}; {",
    "x = {toJSON() { while (1); }}",
    "x = {get a() { while (1); }}",
    "Object.defineProperty(globalThis, 'x', {get() { while (1); }, configurable: true})",
    "return {toString() { while (1); }} + ''",
    "console.log({toJSON() { while (1); }})",
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "(function f() { f() })()",
    "let s = 'x'; for (;;) s += s",
    "const a = []; for (;;) a.push([1, 2, 3])",
    "new Array(1e8).join('x')",
    "x = []; for (let i = 0; i < 5e4; i++) x = [x]",
    "x.self = x",
    "x = 'a'.repeat(2e5)",
]


@pytest.mark.parametrize("source", RUNAWAYS)
async def test_what_runs_away_is_stopped(scripts: Any, source: str) -> None:
    begun = time.monotonic()
    assert (await run(scripts, source, x={})).error
    assert time.monotonic() - begun < 8
    assert await left(scripts, "a = 2", a=1) == {"a": 2}


UNSEEN = [
    "x = 'a'.repeat(2e6).indexOf('a'.repeat(1e6) + 'b')",
    "x = Array.prototype.indexOf.call({length: 1e15}, 1)",
    "x = [].concat(...Array(3).fill({length: 1e9, [Symbol.isConcatSpreadable]: true})).length",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("source", UNSEEN)
async def test_a_worker_stops_what_the_engine_does_not_see(workers: Workers, source: str) -> None:
    await run(workers, source, x=0)  # stopped, or done where the machine is fast
    assert await left(workers, "a = 2", a=1) == {"a": 2}


async def test_source_is_limited(scripts: Any) -> None:
    assert "longer than" in ((await run(scripts, " " * 60_000)).error or "")


@given(st.dictionaries(st.text(max_size=4), st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text()))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_not_touched_comes_back_as_it_was(inputs: dict[str, Any]) -> None:
    kept = {name: value for name, value in inputs.items() if name != "NaN"}  # JavaScript's own, and constant
    assert asyncio.run(left(InlineScripts(limits=SHORT), "", **kept)) == kept


@given(st.text(max_size=30), st.sampled_from(["code", "function"]))
@settings(max_examples=50, deadline=None)
def test_no_source_raises(source: str, kind: Any) -> None:
    assert isinstance(asyncio.run(InlineScripts(limits=SHORT).run(Script(kind, source, "[]"))), Ran)


async def test_a_function_gets_its_argument_and_gives_its_result(scripts: Any) -> None:
    source = "export default async function main(args) { return { outputVars: { n: args.inputVars.n + '!' } } }"
    assert await result(scripts, source, {"inputVars": {"n": "5"}}) == {"outputVars": {"n": "5!"}}


@pytest.mark.parametrize(
    "source",
    [
        "export default async function main() { return 7 }",
        "// export default function other() {}\nexport default async (args) => 7",
        "export default function () { return 7 }",
        "async function main() { return 7 }\nexport { main as default }",
        "const seven = await Promise.resolve(7); export default () => seven",
        "export const helper = () => 7;\nexport default helper;",
        "/*\n export default 1\n*/\nexport default async () => seven()\nfunction seven() { return 7 }",
    ],
)
async def test_functions_are_written_in_many_ways(scripts: Any, source: str) -> None:
    assert await result(scripts, source) == 7


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("function main() {}", "needs `export default"),
        ("export default 5", "needs `export default"),
        ("export default async function main() { throw new TypeError('no') }", "TypeError: no"),
        ("throw new Error('above')\nexport default () => 1", "above"),
        ("import x from 'y'; export default () => x", "could not load module"),
        ("export default () => new Promise(() => {})", "nothing settles"),
        ("export default () => { while (1); }", "stopped after"),
        ("export default async () => { for (;;) await 1 }", "stopped after"),
        ("export default () => { const a = []; for (;;) a.push([1]) }", "memory"),
        ("export default () => { throw {toString() { throw 1 }} }", "nothing that can be shown"),
        ("export default async () => 'x'.repeat(2e5)", "left more than"),
        ("export default = ", "SyntaxError"),
        ("export default async () => fetch('http://x')", "not available"),
    ],
)
async def test_a_function_that_fails_says_why(scripts: Any, source: str, why: str) -> None:
    assert why in ((await call(scripts, source)).error or "")


async def answering(asked: str) -> str:
    given = json.loads(asked)
    return json.dumps({"response": {"ok": True, "status": 200, "text": json.dumps(given)}})


async def test_a_function_fetches_what_the_host_gives(scripts: Any) -> None:
    source = """export default async () => {
      const [one, two] = await Promise.all([
        fetch('https://a', {method: 'POST', headers: {A: 1}, body: {b: 2}}),
        fetch('https://b', {}, {parseType: 'text'})])
      return [one.json, JSON.parse(two.text).url, one.ok, one.status, 'text' in one]
    }"""
    asked = {"url": "https://a", "init": {"method": "POST", "headers": [["A", "1"]], "body": '{"b":2}'}}
    assert await result(scripts, source, fetch=answering) == [asked, "https://b", True, 200, False]


async def test_a_fetch_that_fails_can_be_caught(scripts: Any) -> None:
    async def fails(asked: str) -> str:
        return '{"error": "no route"}'

    source = "export default async () => { try { await fetch('http://x') } catch (e) { return e.message } }"
    assert await result(scripts, source, fetch=fails) == "no route"


async def test_a_function_may_not_fetch_for_ever(scripts: Any) -> None:
    source = "export default async () => { for (let i = 0; ; i++) await fetch('http://x') }"
    assert "may fetch 50 times" in ((await call(scripts, source, fetch=answering)).error or "")


async def test_a_few_fetches_run_at_once_and_functions_beside_each_other(scripts: Any) -> None:
    running, most = 0, 0

    async def slow(asked: str) -> str:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.01)
        running -= 1
        return await answering(asked)

    source = "export default async () => (await Promise.all([...Array(20).keys()].map((n) => fetch('u' + n)))).length"
    assert await asyncio.gather(*(result(scripts, source, fetch=slow) for _ in range(3))) == [20, 20, 20]
    assert 6 <= most <= 18


async def test_a_run_that_is_given_up_leaves_nothing(workers: Workers) -> None:
    waiting = asyncio.Event()

    async def never(asked: str) -> str:
        waiting.set()
        await asyncio.Event().wait()
        return ""

    task = asyncio.create_task(call(workers, "export default () => fetch('u')", fetch=never))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    spinning = asyncio.create_task(run(workers, "while (1);"))
    await asyncio.sleep(0.05)
    spinning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spinning
    assert await left(workers, "a = 2", a=1) == {"a": 2}


async def test_a_worker_that_is_killed_fails_its_run_alone(workers: Workers) -> None:
    task = asyncio.create_task(run(workers, "while (1);"))
    await asyncio.sleep(0.05)
    (busy,) = workers._busy
    other = asyncio.create_task(left(workers, "a = 2", a=1))
    os.kill(busy.pid, 9)
    assert "stopped" in ((await task).error or "")
    assert await other == {"a": 2}


async def test_while_scripts_attack_the_loop_goes_on(workers: Workers) -> None:
    """Other scripts are answered while the attacks still run."""
    attacks = [asyncio.create_task(run(workers, source, x={})) for source in (RUNAWAYS + UNSEEN)]
    answered = 0
    while not all(task.done() for task in attacks):
        await asyncio.sleep(0)
        if answered < 40:
            assert await left(workers, "a = 2", a=1) == {"a": 2}
            answered += 1
    assert answered == 40
    assert all(isinstance(task.result(), Ran) for task in attacks)


async def test_time_and_chance_are_those_that_are_given(scripts: Any) -> None:
    source = """
      const first = Date.now(), date = new Date(), later = new (class extends Date {})();
      seen = [first, date.toISOString(), later.getTime(), typeof Date(), new Date(2020, 0, 1).getFullYear(),
        Date.UTC(1970, 0, 2), date instanceof Date, date.constructor === Date];
      dice = [Math.random(), Math.random()];
    """
    given = json.dumps([["seen", 0], ["dice", 0]])

    async def ran(seed: int) -> Any:
        done = await scripts.run(Script("code", source, given, 1_767_225_600_000, seed))
        assert done.error is None, done.error
        return json.loads(done.value)["variables"]

    one, again, other = await ran(7), await ran(7), await ran(8)
    assert one["seen"] == [
        1767225600000,
        "2026-01-01T00:00:00.001Z",
        1767225600002,
        "string",
        2020,
        86400000,
        True,
        True,
    ]
    assert one == again
    assert one["seen"] == other["seen"]
    assert one["dice"] != other["dice"]
    assert one["dice"][0] != one["dice"][1]
    assert all(0 <= value < 1 for value in (*one["dice"], *other["dice"]))


async def test_without_them_time_and_chance_are_real(scripts: Any) -> None:
    before = int(time.time() * 1000)
    seen = await left(scripts, "now = Date.now(); dice = Math.random()", now=0, dice=0)
    assert before <= seen["now"] <= int(time.time() * 1000)
    assert 0 < seen["dice"] < 1
