"""JavaScript expressions: what they give, that none leaves anything behind, and that none can run away."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest
from a_turn import variables
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.engine.javascript import (
    LARGEST_RESULT,
    PREPARED,
    ExpressionFailed,
    _engines,
    check_expression,
    evaluate_expression,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def value(source: str, **known: Any) -> Any:
    return evaluate_expression(source, variables(**known))


def failure(source: str, **known: Any) -> str:
    with pytest.raises(ExpressionFailed) as caught:
        value(source, **known)
    return caught.value.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("age > 18 && name == 'Ada'", True),
        ("items.filter(item => item.price > 3).length", 1),
        ("`${name} is ${age}`", "Ada is 30"),
        ("age / 8", 3.75),
        ("age * 1.0", 30),
        ("big + 1", 2**40 + 1),
        ("nobody", None),
        ("nobody === undefined && typeof nobody", "undefined"),
        ("none === null", True),
        ("0 / 0", None),
        ("1 / 0", None),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("({a: undefined, b: [NaN, () => 1]})", {"b": [None, None]}),
        ("age, name", "Ada"),
        ("last_utterance.match(/(\\d+)/)[1]", "42"),
        ("name // a comment", "Ada"),
        ("Math.max(...[1, age])", 30),
        ("[...name].reverse().join('')", "adA"),
        ("(() => { let total = 0; for (const item of items) total += item.price; return total })()", 8),
        ("straße", "x"),
        ("package + let_", "bc"),
    ],
)
def test_an_expression_gives_a_json_value(source: str, expected: Any) -> None:
    known = {"age": 30, "name": "Ada", "items": [{"price": 3}, {"price": 5}], "big": 2**40, "none": None}
    known |= {"last_utterance": "about 42 of them", "straße": "x", "package": "b", "let_": "c"}
    got = value(source, **known)
    assert (got, type(got)) == (expected, type(expected))


def test_names_that_javascript_keeps_are_read_through_variables() -> None:
    known = {"class": "x", "Date": "today", "a-b": 1, "plain": 2}
    assert value("variables['class'] + variables.Date", **known) == "xtoday"
    assert value("variables['plain']", **known) == 2
    assert value("variables[which]", which="plain", **known) == 2
    assert value("new Date(0).getTime()", **known) == 0
    assert value("variables", variables="mine") == "mine"


@pytest.mark.parametrize("text", ["a\0b", "ü😀", "\ud800", "", "'\"\\`${x}"])
def test_texts_go_in_and_come_out_whole(text: str) -> None:
    assert value("x", x=text) == text.replace("\ud800", "�")
    assert value("[x]", x=text) == [text.replace("\ud800", "�")]


def test_half_a_character_becomes_the_sign_for_it() -> None:
    assert value("x[0]", x="😀") == "�"
    assert value("[x[0]]", x="😀") == ["�"]


@given(JSON)
def test_every_json_value_goes_through_unchanged(given_value: Any) -> None:
    assert value("x", x=given_value) == given_value
    assert value("[x, y]", x=given_value) == [given_value, None]


@pytest.mark.parametrize("source", ["() => 1", "Symbol('x')", "class {}", "Math.max"])
def test_what_is_no_value_is_refused(source: str) -> None:
    assert "not a value" in failure(source)


@pytest.mark.parametrize("source", ["1n", "2n ** 64n", "0x1fn", "BigInt(1)"])
def test_bigints_are_refused(source: str) -> None:
    failure(source)


@pytest.mark.parametrize(
    "source",
    ["", "1 +", "a b", "while(1);", "1) || (2", "1] || [2", "a) => (b", "1)); let leak = 1; ((2", "1]; leak = 1; [2",
     "1 /*", "`", "1}); while(1); (() => {2", "...x", "}", "throw 1", "1\n)//",
     "1]});throw {toString(){while(1);}};(function(){[2"],
)  # fmt: skip
def test_what_is_not_one_expression_is_found(source: str) -> None:
    assert check_expression(source)
    assert failure(source)


@pytest.mark.parametrize(
    "source", ["1", "a ? b : c", "x => x", "a // b", "'unclosed ( in a text'", "/[)]/.test(a)", "{}"]
)
def test_expressions_have_no_syntax_problem(source: str) -> None:
    assert check_expression(source) is None


def test_the_message_names_the_expression_and_the_problem() -> None:
    assert failure("nobody.name") == (
        "expression `nobody.name` failed: TypeError: cannot read property 'name' of undefined"
    )
    assert len(failure("x." + "y" * 5000)) < 600


LEAVINGS = [
    "globalThis.leak = 1",
    "leak = 1",
    "this.leak = 1",
    "Object.prototype.leak = 1",
    "({}).__proto__.leak = 1",
    "({}).constructor.prototype.leak = 1",
    "Array.prototype.leak = 1",
    "Array.prototype.map = () => 'leak'",
    "Array.prototype.push.leak = 1",
    "String.prototype.includes = () => true",
    "Object.defineProperty(Object.prototype, 'leak', {get: () => 1})",
    "Object.setPrototypeOf(Array.prototype, {leak: 1})",
    "Object.assign(Object.prototype, {leak: 1})",
    "(function () { this.leak = 1 })()",
    "(() => { function leak() {} })()",
    "(0, eval)('let leak = 1')",
    "eval('var leak = 1')",
    "Function('leak = 1')()",
    "(() => {}).constructor('leak = 1')()",
    "(function* () {}).constructor('leak = 1')().next()",
    "(async () => {}).constructor('leak = 1')()",
    "(function* () {})().__proto__.__proto__.leak = 1",
    "[].values().__proto__.leak = 1",
    "[].values().__proto__.next = () => ({done: true})",
    "[].values().map(x => x).__proto__.leak = 1",
    "Iterator.from({next() {}}).__proto__.leak = 1",
    "''.matchAll(/a/g).__proto__.leak = 1",
    "new Map().entries().__proto__.leak = 1",
    "new Set().values().__proto__.leak = 1",
    "(async () => {})().__proto__.leak = 1",
    "(async function* () {})().__proto__.__proto__.leak = 1",
    "Error.stackTraceLimit = 0",
    "Error.prepareStackTrace = () => 'leak'",
    "new Error().__proto__.toString = () => 'leak'",
    "RegExp.prototype.exec = () => null",
    "Math.max = () => 'leak'",
    "JSON.stringify = () => '\"leak\"'",
    "Date.now = () => 'leak'",
    "Symbol.prototype.leak = 1",
    "(t => t.leak = 1)((s => s)`x`)",
    "Object.getOwnPropertyDescriptor((function () { 'use strict'; return arguments })(), 'callee').get.leak = 1",
    "__parley_give = x => 'leak'",
    "globalThis.__parley_fail = 1",
    "delete globalThis.Math",
    "Object.defineProperty(globalThis, 'undefined', {value: 1})",
    "x.push('leak'), x.__proto__.leak = 1",
]


@pytest.mark.parametrize("source", LEAVINGS)
def test_nothing_is_left_behind_for_the_next(source: str) -> None:
    known = variables(x=[1, 2])
    with contextlib.suppress(ExpressionFailed):
        evaluate_expression(source, known)
    probe = """[typeof globalThis.leak, typeof ({}).leak, typeof [].leak, typeof (() => 1).leak, typeof ''.leak,
        typeof [].push.leak, typeof Symbol().leak, typeof new Error().leak, typeof (s => s)`x`.leak,
        [1, 2].map(i => i + 1), 'abc'.includes('z'), [...[1, 2].values()], Math.max(1, 2), JSON.stringify(1),
        typeof Date.now(), /a/.test('a'), String(new Error('e')), undefined === void 0, x,
        typeof [].values().leak, typeof [].values().map(x => x).leak, typeof (function* () {})().leak,
        typeof new Map().entries().leak, typeof ''.matchAll(/a/g).leak, typeof (async () => {})().leak]"""
    u = "undefined"
    assert evaluate_expression(probe, known) == [
        *[u] * 9, [2, 3], False, [1, 2], 2, "1", "number", True, "Error: e", True, [1, 2], *[u] * 6
    ]  # fmt: skip
    assert value("typeof leak") == u


def test_a_name_declared_by_none_is_unknown_to_the_next() -> None:
    with pytest.raises(ExpressionFailed):
        value("(0, eval)('let Leaked = 1; var leaked = 2')")
    assert value("typeof globalThis.leaked + typeof Leaked") == "undefinedundefined"


def test_every_builtin_that_can_be_reached_is_frozen() -> None:
    source = """(() => {
        const seen = new Set(), loose = [];
        const walk = (thing, path) => {
            if (thing === null || (typeof thing !== 'object' && typeof thing !== 'function') || seen.has(thing)) return;
            seen.add(thing);
            if (!Object.isFrozen(thing)) loose.push(path);
            walk(Object.getPrototypeOf(thing), path + '.__proto__');
            for (const key of [...Object.getOwnPropertyNames(thing), ...Object.getOwnPropertySymbols(thing)]) {
                const found = Object.getOwnPropertyDescriptor(thing, key);
                for (const part of ['value', 'get', 'set']) walk(found[part], path + '.' + String(key));
            }
        };
        walk(globalThis, 'globalThis');
        const makers = [() => [], () => ({}), () => /a/, () => function () {}, () => function* () {},
            () => async () => 1,
            () => [].values(), () => [].values().filter(x => x), () => new Map().keys(), () => new Set().keys(),
            () => ''[Symbol.iterator](), () => ''.matchAll(/a/g), () => (function* () {})().__proto__,
            () => new Error('x'),
            () => (async () => 1)(), () => (async function* () {})().__proto__, () => Iterator.from({next() {}}),
            () => Symbol(),
            () => (function () { return arguments })()];
        for (const make of makers) walk(Object.getPrototypeOf(make()), String(make));
        return [seen.size > 300, loose];
    })()"""
    assert value(source) == [True, []]


def test_a_prepared_expression_cannot_keep_anything_on_itself() -> None:
    source = "typeof arguments"
    assert value(source) == "undefined"
    failure("arguments.callee")


def test_changing_what_was_passed_does_not_change_the_variables() -> None:
    inner: dict[str, Any] = {"list": [1], "deep": {"a": 1}}
    known = variables(x=inner, n=1)
    evaluate_expression("(x.list.push(2), x.deep.a = 5, delete x.deep, x.__proto__ = {b: 1}, n = 9, x)", known)
    assert inner == {"list": [1], "deep": {"a": 1}}
    assert known.get("n") == 1


def test_a_key_called_proto_is_only_a_key() -> None:
    import json

    bad = json.loads('{"__proto__": {"leak": 1}, "constructor": {"prototype": {"leak": 1}}}')
    assert value("[x.leak, ({}).leak, ({...x}) && ({}).leak]", x=bad) == [None, None, None]
    assert value("typeof ({}).leak") == "undefined"


def test_getters_and_tojson_of_a_result_run_within_the_limits() -> None:
    assert value("({get a() { return 1 }})") == {"a": 1}
    assert value("({toJSON() { return 7 }})") == 7
    assert "stopped" in failure("({toJSON() { while (1); }})")
    assert "stopped" in failure("({get a() { while (1); }})")


RUNAWAYS = [
    "(() => { while (1); })()",
    "(() => { for (;;) try { while (1); } catch { } finally { continue } })()",
    "(() => { throw {toString() { while (1); }} })()",
    "(() => { throw {get message() { while (1); }, toString() { return this.message }} })()",
    "(function f() { return f() + f() })()",
    "(f => f(f))(f => [f(f), f(f)])",
    "(function* () { for (;;) yield 1 })().toArray()",
    "[...(function* () { for (;;) yield 1 })()]",
    "'x'.repeat(2 ** 30 - 10)",
    "'x'.padEnd(1e9)",
    "(() => { let s = 'x'; for (;;) s += s })()",
    "(() => { let s = ''; for (;;) s += 'xyz' })()",
    "(() => { const a = []; for (;;) a.push({}) })()",
    "(() => { const a = []; for (;;) a.push(new Array(1000).fill(1)) })()",
    "(() => { const m = new Map(); for (let i = 0;; i++) m.set(i, i) })()",
    "(() => { let a; for (;;) a = {a} })()",
    "(() => { for (;;) Symbol.for('x' + Math.random()) })()",
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "/(x+x+)+y/.test('x'.repeat(5000))",
    "'a'.repeat(40).replace(/^(a|a)*$b/, '')",
    "new Array(1e8).join('x')",
    "Array(4294967295).indexOf(1)",
    "Array(4294967295).fill(0)",
    "Array(4294967295).forEach(x => x)",
    "Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)",
    "new Set(Array(4294967295))",
    "[...Array(4294967295)]",
    "[].concat(Array(4294967295))",
    "[Array(4294967295)].flat()",
    "String(Array(4294967295))",
    "Array(4294967295) + ''",
    "Array(4294967295)",
    "JSON.stringify(Array(4294967295))",
    "(() => { const a = [1]; a[4294967290] = 1; return a.sort() })()",
    "Array.from({length: 1e9})",
    "String.raw({raw: {length: 2 ** 53}})",
    "'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')",
    "'a'.repeat(1e6).split('a'.repeat(5e5) + 'b')",
    "'a'.repeat(6e5).replaceAll({toString() { return 'a'.repeat(3e5) + 'b' }}, '')",
    "'a'.repeat(6e5).includes(['a'.repeat(3e5) + 'b'])",
    "'a'.repeat(6e5).replaceAll(Object.setPrototypeOf({toString: () => 'a'.repeat(3e5) + 'b', [Symbol.replace]: null},"
    " RegExp.prototype), '')",
    "(() => { const s = 'a'.repeat(1e6); for (;;) s.toUpperCase() })()",
    "(() => { const s = 'a'.repeat(1e6); for (;;) encodeURIComponent(s) })()",
    "(() => { const a = Array(5e4).fill(1); for (;;) a.sort() })()",
    "(() => { const a = Array(5e4).fill(1); for (;;) [...a] })()",
    "JSON.parse('['.repeat(1e6))",
    "(() => { let a = []; for (let i = 0; i < 5e4; i++) a = [a]; return a })()",
    "new RegExp('(?:'.repeat(1e5))",
]


@pytest.mark.parametrize("source", RUNAWAYS)
def test_what_runs_away_is_stopped_and_the_next_runs(source: str) -> None:
    begun = time.process_time()
    failure(source)
    assert time.process_time() - begun < 3
    assert value("x.map(i => i + 1)", x=[1, 2]) == [2, 3]


def test_a_result_too_large_is_refused() -> None:
    assert "longer than" in failure(f"'x'.repeat({LARGEST_RESULT} + 1)")
    assert "longer than" in failure(f"['x'.repeat({LARGEST_RESULT} + 1)]")


def test_waiting_leaves_no_work_behind() -> None:
    for source in ("(async () => { for (;;) await 1 })()", "import('x')"):
        assert value(source) == {}
        assert _engines.engine is None
    assert value("1 + 1") == 2


def test_a_spent_context_is_thrown_away_and_an_ordinary_error_keeps_it() -> None:
    value("1")
    engine = _engines.engine
    failure("nobody.name")
    failure("(() => { throw new Error('mine') })()")
    assert _engines.engine is engine
    failure("(() => { while (1); })()")
    assert _engines.engine is None


def test_many_expressions_do_not_use_more_and_more_memory() -> None:
    value("1")
    for i in range(2 * PREPARED):
        assert value(f"n + {i}", n=1) == i + 1
    engine = _engines.engine
    assert engine is not None
    assert engine.prepared.cache_info().currsize == PREPARED
    before = engine.context.memory()["malloc_size"]
    for i in range(2 * PREPARED):
        value(f"n - {i}", n=1)
    for _ in range(5000):
        value("x.map(i => ({i}))", x=[1, 2, 3])
    assert _engines.engine is engine
    assert engine.context.memory()["malloc_size"] < before * 1.5


def test_names_that_come_and_go_are_seen_as_they_are() -> None:
    known = variables()
    for i in range(10):
        assert evaluate_expression("[a, b, c, d]", known) == [known.get(n) for n in "abcd"]
        known.set("abcd"[i % 4], i)


def test_each_thread_has_its_own_context() -> None:
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append([value("n * 2", n=i) for i in range(100)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[i * 2 for i in range(100)]] * 4


@settings(max_examples=200)
@given(st.text(alphabet="ab1 ()[]{}`'\"/*+.,;=>\\\n!?:$", max_size=20))
def test_no_source_does_anything_but_give_a_value_or_fail(source: str) -> None:
    with contextlib.suppress(ExpressionFailed):
        value(source, a=1, b="x")
    assert value("typeof globalThis.a + typeof globalThis.b + (1 + 1)") == "undefinedundefined2"


class Timely(dict[str, Any]):
    """Variables of a turn: with a time and a chance."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def shown(self) -> dict[str, Any]:
        return dict(self)

    def chance(self) -> tuple[int, int]:
        return 1_767_225_600_000, self._seed


def test_time_and_chance_are_the_turns_own() -> None:
    source = (
        "[Date.now(), new Date().toISOString(), typeof Date(), new Date(0).getTime(), Math.random(), Math.random()]"
    )
    one, again, other = (evaluate_expression(source, Timely(seed)) for seed in (7, 7, 8))
    assert one[:4] == [1767225600000, "2026-01-01T00:00:00.001Z", "string", 0]
    assert one == again
    assert one[4:] != other[4:]
    assert 0 <= one[4] < 1
    assert evaluate_expression("new Date() instanceof Date && new Date().constructor === Date", Timely(7)) is True
