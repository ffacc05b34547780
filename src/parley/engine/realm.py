"""The JavaScript world that expressions live in: what is taken out of it, what is guarded, and that all is frozen.

Knows no Python values and no limits but those that the engine's own time limit cannot see: quickjs looks at the clock
once in 10,000 calls and backward jumps, never inside a built-in function. So built-ins that can be given much to do
are wrapped: they refuse arrays that are long only in name, and they jump backwards (`pay`) in proportion to their work.
"""

from __future__ import annotations

FAIL = "__parley_fail"
GIVE = "__parley_give"
SPREAD = "__parley_spread"
MOMENT = "__parley_moment"
LONGEST_ARRAY = 100_000
"""Items; with the memory that an expression has, a longer one can only be full of holes."""

_SOURCE = """
(() => {
'use strict';
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, freeze, hasOwn } = Object;
const { ownKeys, apply, construct } = Reflect;
const { isArray } = Array;
const textOf = String; // Never a template literal here: they call String.prototype.concat.
const { stringify } = JSON;
const hide = (name, value) => defineProperty(globalThis, name, { value });
const pay = (work) => { for (let i = work; i > 0; i--); };

// Nothing in an expression may make code from text, wait, share memory or answer for another object.
for (const name of ['eval', 'Function', 'Promise', 'queueMicrotask', 'Proxy', 'Reflect', 'BigInt', 'ArrayBuffer',
  'SharedArrayBuffer', 'DataView', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'AsyncDisposableStack',
  'DisposableStack', 'SuppressedError', 'DOMException', 'performance', 'Uint8ClampedArray', 'Int8Array', 'Uint8Array',
  'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array',
  'Float32Array', 'Float64Array']) delete globalThis[name];
delete Array.fromAsync;
for (const name of ['stackTraceLimit', 'prepareStackTrace', 'captureStackTrace']) delete Error[name];
const noCode = { constructor() { throw new TypeError('code cannot be made from text'); } }.constructor;
const kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
for (const kind of kinds) defineProperty(getPrototypeOf(kind), 'constructor', { value: noCode });

// An array's methods work on arrays (and texts) alone, and on no more items than can be there.
const measured = (list) => {
  if (typeof list === 'string') return list.length;
  if (!isArray(list)) throw new TypeError('not an array');
  if (list.length > LONGEST_ARRAY) throw new RangeError('array too long');
  return list.length;
};
const replace = (owner, name, make) => {
  const found = getOwnPropertyDescriptor(owner, name);
  if (typeof found?.value !== 'function' || name === 'constructor') return;
  const value = make(found.value);
  defineProperty(value, 'name', { value: found.value.name });
  defineProperty(value, 'length', { value: found.value.length });
  defineProperty(owner, name, { value });
};
const join = (list, into, depth) => {
  for (let i = 0; i < measured(list); i++) {
    if (!(i in list)) continue;
    if (depth > 0 && isArray(list[i])) join(list[i], into, depth - 1);
    else into.push(list[i]);
  }
  return into;
};
const arrays = {
  __proto__: null,
  concat: () => ({ concat(...args) { return join([this, ...args], [], 1); } }).concat,
  flat: () => ({ flat(depth = 1) { return join(this, [], depth); } }).flat,
};
const quick = ['push', 'pop', 'at'];
for (const name of ownKeys(Array.prototype)) {
  const share = quick.includes(name) ? 31 : 6;
  replace(Array.prototype, name, arrays[name] ?? ((native) => ({
    method(...args) {
      pay(measured(this) >> share);
      return apply(native, this, args);
    },
  }).method));
}
defineProperty(Array.prototype, Symbol.iterator, { value: Array.prototype.values });

// A text's methods cost its length; those that search, its length times that of what is searched for.
const searches = ['includes', 'indexOf', 'lastIndexOf', 'split', 'replace', 'replaceAll'];
const patterns = RegExp.prototype;
const uses = [Symbol.match, Symbol.matchAll, Symbol.replace, Symbol.search, Symbol.split];
const isPattern = (thing) => getPrototypeOf(thing) === patterns && !uses.some((use) => hasOwn(thing, use));
for (const name of ownKeys(String.prototype)) {
  if (['constructor', 'toString', 'valueOf', 'concat'].includes(name)) continue;
  const weigh = searches.includes(name)
    ? (text, part) => pay(text.length * (1 + (typeof part === 'string' ? part.length : 8)) / 256)
    : (text) => pay(text.length >> 6);
  replace(String.prototype, name, (native) => ({
    method(...args) {
      const text = this;
      if (typeof text !== 'string') {
        if (typeof text?.valueOf?.() !== 'string') throw new TypeError('not a text');
        return apply(native, textOf(text), args);
      }
      if (typeof args[0] === 'object' && args[0] !== null && !isPattern(args[0])) args[0] = textOf(args[0]);
      weigh(text, args[0]);
      return apply(native, text, args);
    },
  }).method);
}
replace(String, 'raw', () => ({
  raw({ raw }, ...values) {
    let text = '';
    for (let i = 0; i < raw.length; i++) text += (i > 0 && i <= values.length ? values[i - 1] : '') + raw[i];
    return text;
  },
}).raw);
// What goes through whole objects costs what came in and went out.
const size = (value) => typeof value === 'string' ? value.length >> 4 : isArray(value) ? value.length >> 1 : 0;
for (const owner of [JSON, Object]) {
  for (const name of ownKeys(owner)) {
    replace(owner, name, (native) => ({
      method(...args) {
        pay(size(args[0]));
        const result = apply(native, owner, args);
        pay(size(result));
        return result;
      },
    }).method);
  }
}

for (const name of ['parseInt', 'parseFloat', 'encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent',
  'escape', 'unescape', 'btoa', 'atob']) {
  replace(globalThis, name, (native) => ({
    method(...args) {
      const text = textOf(args[0]);
      pay(text.length >> 2);
      return native(text, ...args.slice(1));
    },
  }).method);
}

// What goes wrong leaves as a plain error: nothing of the thrower's own is called after its time is up.
hide('FAIL', (thrown) => {
  let said = 'something that cannot be shown was thrown';
  try { said = textOf(thrown).slice(0, 300); } catch {}
  return new Error(said.toWellFormed());
});
// What comes out is a primitive, or a list of one text: the JSON.
hide('GIVE', (value) => {
  switch (typeof value) {
    case 'string': return value.isWellFormed() && !value.includes('\\0') ? value : [stringify(value)];
    case 'function': case 'symbol': case 'bigint':
      throw new TypeError('the result is a ' + typeof value + ', not a value');
    case 'object': {
      if (value === null) return null;
      const json = stringify(value);
      return json === undefined ? null : [json];
    }
    default: return value;
  }
});
// Time and chance come from outside, anew for each expression that mentions them: the same for the same turn. The clock
// goes on by a millisecond each time that it is read.
const Real = Date, { imul } = Math, chance = Math.random;
let now = null, state = 0;
const read = () => now === null ? Real.now() : now++;
const Held = function Date(...given) {
  return new.target ? construct(Real, given.length ? given : [read()], new.target) : textOf(new Real(read()));
};
const timely = { now: read, parse: Real.parse, UTC: Real.UTC };
for (const name of ['now', 'parse', 'UTC']) defineProperty(Held, name, { value: timely[name] });
defineProperty(Real.prototype, 'constructor', { value: Held });
Held.prototype = Real.prototype;
defineProperty(globalThis, 'Date', { value: Held, writable: true, configurable: true });
defineProperty(Math, 'random', { value: () => {
  if (now === null) return chance();
  state = state + 0x6D2B79F5 | 0;
  let t = imul(state ^ state >>> 15, 1 | state);
  t = t + imul(t ^ t >>> 7, 61 | t) ^ t;
  return ((t ^ t >>> 14) >>> 0) / 4294967296;
} });
hide('MOMENT', (begun, seed) => { now = begun; state = seed; });
hide('SPREAD', (prepared, values) => prepared(...values));

const roots = [globalThis, ...kinds, kinds[1](), kinds[2](), kinds[3](), [].values(), new Map().entries(),
  new Set().values(), ''[Symbol.iterator](), ''.matchAll(/./g), [].values().map((x) => x), Iterator.from({ next() {} }),
  Iterator.concat?.([]), (function () { return arguments; })(), new Error('')];
const seen = new Set();
const walk = (thing) => {
  if (thing === null || (typeof thing !== 'object' && typeof thing !== 'function') || seen.has(thing)) return;
  seen.add(thing);
  walk(getPrototypeOf(thing));
  for (const key of ownKeys(thing)) {
    const found = getOwnPropertyDescriptor(thing, key);
    walk(found.value); walk(found.get); walk(found.set);
  }
  freeze(thing);
};
roots.forEach(walk);
})()
"""
REALM = (
    _SOURCE.replace("'FAIL'", f"'{FAIL}'")
    .replace("'GIVE'", f"'{GIVE}'")
    .replace("'SPREAD'", f"'{SPREAD}'")
    .replace("'MOMENT'", f"'{MOMENT}'")
    .replace("LONGEST_ARRAY", str(LONGEST_ARRAY))
)
"""Run once in a fresh context, before its time limit is set."""

CHECK = """
((source) => {
const problem = (text) => {
  try { Function(text); } catch (thrown) {
    try { return `${thrown}`; } catch { return 'not an expression'; }
  }
  return '';
};
// Nothing closes both a parenthesis and a bracket that it did not open: what passes both is one expression.
const said = problem(`return (${source}\n)`);
return said || (problem(`return [${source}\n]`) && 'SyntaxError: not one expression');
})
"""
"""Gives what is wrong with a source's syntax, or an empty text. For a context that is thrown away afterwards."""
