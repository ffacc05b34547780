"""One JavaScript script run in a context of its own, which is thrown away afterwards. Knows no steps and no turn.

The script's variables are globals; of what it leaves, only the names that it was given are read back. It may `return`
the label of a path. It cannot wait: there are no promises, timers or requests, and nothing of the host.

The limits hold for what a script does by mistake and for nearly all that it could do by intent; a loop over one
operator on megabytes of text can overstay its time by seconds (`realm.py` says why). Who runs scripts of strangers
runs this in a process that can be killed.

Source: engine, section 1.10, `code`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from parley.engine.javascript import explained, json_of, whole_json
from parley.engine.realm import FAIL, OPEN_REALM


class ScriptLimits(Struct, frozen=True):
    """What a script may use: CPU time, memory of its whole context, and characters of JSON that come out."""

    seconds: float = 1.0
    memory_bytes: int = 10 * 1024 * 1024
    stack_bytes: int = 256 * 1024
    output: int = 1024 * 1024
    source: int = 256 * 1024


class ScriptResult(Struct, frozen=True):
    """What a script leaves: its variables, what it returned (None or a text), what it logged; `error` if it failed.

    A script that failed leaves no variables.
    """

    variables: dict[str, Any]
    path: str | None = None
    logged: tuple[str, ...] = ()
    error: str | None = None


_DEFAULTS = ScriptLimits()
_RUN = "__parley_run"
# Run before the realm is closed: it keeps the built-ins that the realm takes away. Everything of the script's own
# that could run (its code, `toString` of what it throws, `toJSON` of what it leaves) runs inside `try`.
_RUNNER = """
(() => {
'use strict';
const compile = Function, { parse, stringify } = JSON, text = String, define = Object.defineProperty;
const logged = [], quiet = (...said) => {
  let line = '';
  for (let i = 0; i < said.length && i < 20; i++) {
    line += (i ? ' ' : '') + text(typeof said[i] === 'object' ? stringify(said[i]) : said[i]).slice(0, 1000);
  }
  if (logged.length < 100) logged[logged.length] = line.slice(0, 1000);
};
const { freeze } = Object;
define(globalThis, 'console', { value: freeze({ log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet }),
  writable: true, configurable: true });
define(globalThis, 'RUN', { value: (source, packed) => {
  try {
    const given = parse(packed);
    const put = ([name, value]) => {
      try { define(globalThis, name, { value, writable: true, configurable: true, enumerable: true }); } catch {}
    };
    given.forEach(put);
    const path = compile(source)();
    let left = '';
    for (let i = 0; i < given.length; i++) {
      const name = given[i][0];
      const value = stringify(globalThis[name]) ?? 'null';
      left += (i ? ',' : '') + stringify(name) + ':' + value;
    }
    const to = path === undefined || path === null || typeof path === 'object' ? 'null' : stringify(text(path));
    return ['{"path":' + to + ',"variables":{' + left + '},"logged":' + stringify(logged) + '}'];
  } catch (thrown) { throw globalThis.FAIL(thrown); }
} });
})()
""".replace("'RUN'", f"'{_RUN}'").replace(".FAIL(", f".{FAIL}(")


def run_script(source: str, inputs: Mapping[str, Any], *, limits: ScriptLimits = _DEFAULTS) -> ScriptResult:
    """Run a script with these variables. Never raises for what the script does: the result has the `error`."""
    if len(source) > limits.source:
        return ScriptResult({}, error=f"the script is longer than {limits.source} characters")
    import quickjs

    packed = json_of([list(pair) for pair in inputs.items()])
    if packed is None:
        return ScriptResult({}, error="a variable is not a JSON value")
    context = quickjs.Context()
    context.set_memory_limit(limits.memory_bytes)
    context.set_max_stack_size(limits.stack_bytes)
    context.eval(_RUNNER)
    context.eval(OPEN_REALM)
    context.set_time_limit(limits.seconds)
    try:
        # As JavaScript source both texts pass whole, whatever characters they have.
        answer = context.eval(f"{_RUN}({json.dumps(source)},{json.dumps(packed)})")
        text = json.loads(answer.json())[0]
    except (quickjs.JSException, UnicodeDecodeError, SystemError, TypeError) as error:
        return ScriptResult({}, error=explained(error, limits.seconds, limits.memory_bytes)[0])
    if len(text) > limits.output:
        return ScriptResult({}, error=f"the script left more than {limits.output} characters")
    try:
        left = whole_json(text)
    except (msgspec.DecodeError, RecursionError):
        return ScriptResult({}, error="the script left what cannot be read")
    return ScriptResult(left["variables"], left["path"], tuple(left["logged"]))
