"""Scripts: what they leave, where they go on, and what they cannot do."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.engine.sandbox import ScriptLimits, ScriptResult, run_script

SHORT = ScriptLimits(seconds=0.1, memory_bytes=4 * 1024 * 1024)


def left(source: str, **inputs: Any) -> dict[str, Any]:
    result = run_script(source, inputs)
    assert result.error is None, result.error
    return result.variables


def test_variables_are_globals_that_are_read_back() -> None:
    source = "age = age + 1; cart.push({n: 2}); this.name = name.toUpperCase()"
    given_values = {"age": 30, "cart": [{"n": 1}], "name": "ada"}
    assert left(source, **given_values) == {"age": 31, "cart": [{"n": 1}, {"n": 2}], "name": "ADA"}
    assert given_values["cart"] == [{"n": 1}]


def test_only_names_that_were_there_come_back() -> None:
    assert left("extra = 1; var more = 2; globalThis.most = 3; age = extra + more + most", age=0) == {"age": 6}


def test_what_is_returned_is_the_path() -> None:
    assert run_script("if (age > 18) { return 'adult' } return 'child'", {"age": 30}).path == "adult"
    assert run_script("return 2", {}).path == "2"
    assert run_script("age = 1", {"age": 0}).path is None
    assert run_script("return {a: 1}", {}).path is None


def test_what_is_logged_is_kept_within_reason() -> None:
    assert run_script("console.log('a', 1, {b: [2]}); console.error('c')", {}).logged == ('a 1 {"b":[2]}', "c")
    many = run_script("for (let i = 0; i < 1000; i++) console.log('x'.repeat(5000))", {}).logged
    assert (len(many), len(many[0])) == (100, 1000)


def test_undefined_and_nan_become_nothing() -> None:
    source = "a = undefined; b = NaN; delete globalThis.c; d = new Date(0); e = () => 1"
    assert left(source, a=1, b=1, c=1, d=1, e=1) == {
        "a": None, "b": None, "c": None, "d": "1970-01-01T00:00:00.000Z", "e": None,
    }  # fmt: skip


def test_variables_may_be_called_anything() -> None:
    names = ["class", "a-b", "__proto__", "constructor", "Math", "undefined", "", "ü", "JSON", "toString"]
    result = run_script("globalThis['a-b'] = 2", dict.fromkeys(names, 1))
    assert result.error is None
    assert result.variables["a-b"] == 2
    assert result.variables["class"] == 1


def test_a_failure_is_told_and_leaves_no_variables() -> None:
    assert run_script("age = 5; nobody.name", {"age": 1}) == ScriptResult(
        {}, error="ReferenceError: nobody is not defined"
    )
    assert "SyntaxError" in (run_script("let = = 1", {}).error or "")
    assert run_script("throw new Error('mine')", {}).error == "Error: mine"


def test_one_run_leaves_nothing_for_the_next() -> None:
    left("globalThis.leak = 1; try { Object.prototype.leak = 1; Array.prototype.map = 1 } catch {}")
    assert left("a = [typeof leak, typeof ({}).leak, typeof [].map]", a=0) == {
        "a": ["undefined", "undefined", "function"]
    }


@pytest.mark.parametrize(
    "name", ["fetch", "require", "process", "std", "os", "setTimeout", "Promise", "Proxy", "Worker"]
)
def test_there_is_no_way_out(name: str) -> None:
    assert left("a = typeof globalThis[name]", a=0, name=name)["a"] == "undefined"


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
    "x = Array(4294967295)",
    "'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')",
    "x = []; for (let i = 0; i < 5e4; i++) x = [x]",
    "x = x; x.self = x",
    "x = Symbol('a'); return x",
]


@pytest.mark.parametrize("source", RUNAWAYS)
def test_what_runs_away_is_stopped(source: str) -> None:
    begun = time.process_time()
    result = run_script(source, {"x": {}}, limits=SHORT)
    assert time.process_time() - begun < 2
    assert result.error or result.path == "Symbol(a)"


def test_output_and_source_are_limited() -> None:
    limits = ScriptLimits(output=1000, source=1000)
    assert "left more than" in (run_script("x = 'a'.repeat(2000)", {"x": 0}, limits=limits).error or "")
    assert "longer than" in (run_script(" " * 2000, {}, limits=limits).error or "")


@given(st.dictionaries(st.text(max_size=4), st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text()))
@settings(max_examples=50, deadline=None)
def test_what_is_not_touched_comes_back_as_it_was(inputs: dict[str, Any]) -> None:
    kept = {name: value for name, value in inputs.items() if name != "NaN"}  # JavaScript's own, and constant
    assert run_script("", kept).variables == kept


@given(st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_no_source_raises(source: str) -> None:
    assert isinstance(run_script(source, {"a": 1}, limits=SHORT), ScriptResult)
