"""The JavaScript that stands around a script in its context: what it is given, what is taken of it, and `fetch`.

Kept in a closure with the built-ins that it needs, so that a script that breaks the built-ins breaks only itself.
"""

from __future__ import annotations

CODE = "__parley_code"
BEGIN = "__parley_begin"
SETTLE = "__parley_settle"
OUTCOME = "__parley_outcome"
MOMENT = "__parley_moment"
MAIN = "__parley_main"
MODULE = "__parley_module"
MOST_FETCHES = 50

_SOURCE = """
(() => {
'use strict';
const compile = Function, { parse, stringify } = JSON, text = String, { defineProperty, freeze, keys } = Object;
const Later = Promise, { isArray } = Array, Failure = Error;
const hide = (name, value) => defineProperty(globalThis, name, { value });
const shown = (thrown) => {
  try { return text(thrown).slice(0, 300).toWellFormed(); }
  catch { return 'something that cannot be shown was thrown'; }
};

const logged = [], log = (...said) => {
  let line = '';
  for (let i = 0; i < said.length && i < 20; i++) {
    line += (i ? ' ' : '') + text(typeof said[i] === 'object' ? stringify(said[i]) : said[i]).slice(0, 1000);
  }
  if (logged.length < 100) logged[logged.length] = line.slice(0, 1000);
};
defineProperty(globalThis, 'console', { value: freeze({ log, info: log, warn: log, error: log, debug: log }),
  writable: true, configurable: true });

// Time and chance from outside, the same for the same script: the clock goes on a millisecond each time it is read.
const Real = Date, { construct } = Reflect, imul = Math.imul, { parse: parseDate, UTC } = Date;
hide('MOMENT', (begun, seed) => {
  let now = begun, state = seed;
  const Held = function Date(...given) {
    return new.target ? construct(Real, given.length ? given : [now++], new.target) : text(new Real(now++));
  };
  Held.prototype = Real.prototype;
  defineProperty(Real.prototype, 'constructor', { value: Held, writable: true, configurable: true });
  for (const [name, value] of [['now', () => now++], ['parse', parseDate], ['UTC', UTC]]) {
    defineProperty(Held, name, { value, writable: true, configurable: true });
  }
  defineProperty(globalThis, 'Date', { value: Held, writable: true, configurable: true });
  const random = () => {
    state = state + 0x6D2B79F5 | 0;
    let t = imul(state ^ state >>> 15, 1 | state);
    t = t + imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
  defineProperty(Math, 'random', { value: random, writable: true, configurable: true });
});

// Everything of the script's own that could run (its code, its `toString`, its `toJSON`) runs inside `try`.
hide('CODE', (source, packed) => {
  try {
    for (const name of ['Promise', 'queueMicrotask', 'fetch']) delete globalThis[name];
    globalThis.global = globalThis;
    const given = parse(packed);
    for (let i = 0; i < given.length; i++) {
      try {
        defineProperty(globalThis, given[i][0],
          { value: given[i][1], writable: true, configurable: true, enumerable: true });
      } catch {}
    }
    const path = compile(source)();
    let left = '';
    for (let i = 0; i < given.length; i++) {
      const name = given[i][0], value = globalThis[name];
      if (value === given[i][1] && (typeof value !== 'object' || value === null)) continue;
      left += (left ? ',' : '') + stringify(name) + ':' + (stringify(value) ?? 'null');
    }
    const to = path === undefined || path === null || typeof path === 'object' ? 'null' : stringify(text(path));
    return ['{"path":' + to + ',"variables":{' + left + '},"logged":' + stringify(logged) + '}'];
  } catch (thrown) { throw new Failure(shown(thrown)); }
});

// A function waits in jobs, and asks for the world through `asked`: the host takes it, and settles each by its number.
const waiting = { __proto__: null };
let asked = [], count = 0, running = 0, outcome = null;
const plain = (init) => {
  const { method, headers, body } = init ?? {};
  const pairs = [];
  if (isArray(headers)) for (const [name, value] of headers) pairs.push([text(name), text(value)]);
  else for (const name of keys(headers ?? {})) pairs.push([name, text(headers[name])]);
  return { method: text(method ?? 'GET'), headers: pairs,
    body: body === undefined || body === null ? null : typeof body === 'object' ? stringify(body) : text(body) };
};
defineProperty(globalThis, 'fetch', { writable: true, configurable: true, value: (url, init, options) =>
  new Later((resolve, reject) => {
    if (++count > MOST_FETCHES) throw new Failure('a function may fetch MOST_FETCHES times');
    const kind = text(options?.parseType ?? 'json');
    if (kind !== 'json' && kind !== 'text') throw new Failure('fetch: parseType must be json or text, not ' + kind);
    asked.push([count, stringify({ url: text(url?.url ?? url), init: plain(init) })]);
    waiting[count] = [resolve, reject, kind];
    running++;
  }) });
hide('SETTLE', (id, packed) => {
  const [resolve, reject, kind] = waiting[id];
  delete waiting[id];
  running--;
  const { response, error } = parse(packed);
  if (error !== undefined) return reject(new Failure(error));
  const body = response.text;
  if (kind === 'json') {
    delete response.text;
    try { response.json = body === '' ? null : parse(body); }
    catch { return reject(new Failure("fetch: the body is not JSON; {parseType: 'text'} gives it as it is")); }
  }
  resolve(response);
});
hide('BEGIN', (packed) => {
  const failed = (thrown) => { outcome ??= '{"error":' + stringify(shown(thrown)) + '}'; };
  const done = (value) => {
    try { outcome ??= '{"value":{"result":' + (stringify(value) ?? 'null') + ',"logged":' + stringify(logged) + '}}'; }
    catch (thrown) { failed(thrown); }
  };
  const call = () => {
    const main = globalThis.MAIN;
    if (typeof main !== 'function') throw new Failure('a function needs `export default async function main(args)`');
    return main(parse(packed));
  };
  globalThis.MODULE.then(call).then(done, failed);
});
hide('OUTCOME', () => {
  if (outcome !== null) return [outcome];
  const now = asked;
  asked = [];
  if (running === 0) return ['{"error":"it waits for a promise that nothing settles"}'];
  return ['{"asked":' + stringify(now) + '}'];
});
})()
"""


def _kernel() -> str:
    source = (
        _SOURCE.replace("MOST_FETCHES", str(MOST_FETCHES)).replace(".MAIN", f".{MAIN}").replace(".MODULE", f".{MODULE}")
    )
    names = {"BEGIN": BEGIN, "CODE": CODE, "MOMENT": MOMENT, "OUTCOME": OUTCOME, "SETTLE": SETTLE}
    for word, name in names.items():
        source = source.replace(f"'{word}'", f"'{name}'")
    return source


KERNEL = _kernel()
"""Run once in a fresh context, before its time limit is set."""
