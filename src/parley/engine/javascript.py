"""JavaScript expressions over a flow's variables, each prepared once. Knows no steps and no turn.

All expressions of a thread share one context. Its intrinsics are frozen (`realm.py`) and each expression is a function
that gets the variables it mentions and nothing else, so none can leave anything behind for the next. A context in
which time or memory ran out is thrown away.

Names: a variable is read by its name; one that does not exist is undefined. A variable whose name JavaScript keeps for
itself (`class`, `Date`) is read as `variables["class"]`, as every other can be.

What comes out is a JSON value: undefined, NaN and the infinities become None, dates ISO texts. Functions and symbols
are refused, and so are BigInts, whose arithmetic no time limit can stop.
"""

from __future__ import annotations

import json
import math
import re
import threading
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from parley.engine.realm import CHECK, FAIL, GIVE, MOMENT, REALM, SPREAD
from parley.errors import ParleyError

SECONDS = 0.1
"""CPU time of one evaluation."""
MEMORY_BYTES = 4 * 1024 * 1024
"""Of a whole context; what is built in takes about an eighth."""
STACK_BYTES = 256 * 1024
LONGEST_SOURCE = 20_000
LARGEST_RESULT = 1024 * 1024
"""Characters of text or JSON that come out."""
PREPARED = 512
"""Expressions that a context keeps ready."""
_SHAPES = 4
"""Functions of one expression: one for each set of its names that are no variables."""

# What is no variable's name: words that cannot be a parameter, and globals that keep their meaning.
_NOT_VARIABLES = frozenset(
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if import in instanceof let new null return static super switch this throw true try "
    "typeof var void while with yield undefined NaN Infinity globalThis Object Error EvalError RangeError "
    "ReferenceError SyntaxError TypeError URIError InternalError AggregateError Iterator Array parseInt parseFloat "
    "isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape Number Boolean String "
    f"Math Symbol Date RegExp JSON Map Set WeakMap WeakSet btoa atob {FAIL} {GIVE} {SPREAD} {MOMENT}".split()
)
_ALL = "variables"
# Words that are not properties. Words inside quotes are found too: they cost a look-up and change nothing.
_WORD = re.compile(r"(?:(?<=\.\.\.)|(?<![\w$.]))(?:[^\W\d]|\$)[\w$]*")
_MENTIONED = re.compile(r"[\w$]+")
_BIGINT = re.compile(r"(?<![\w$.])[0-9]\w*n(?![\w$])", re.ASCII)
_WAITING = re.compile(r"\b(?:async|import)\b")
_CHANCY = re.compile(r"\bDate\b|\brandom\b|\bMath\s*\[|\bglobalThis\b")
_MISSING = object()
_INT32 = 2**31
_EXACT = 2**53


class Variables(Protocol):
    """What an expression reads: `engine.variables.Variables`, or something that stands in its place."""

    def __contains__(self, name: str) -> bool: ...

    def get(self, name: str, default: Any = None) -> Any:
        """The value under this name; `default` where there is none."""
        ...

    def shown(self) -> dict[str, Any]:
        """All of them, for an expression that asks for `variables`."""
        ...


class ExpressionFailed(ParleyError):
    """A JavaScript expression threw, crossed a limit, or gave what is not a JSON value."""

    code = "expression_failed"

    @classmethod
    def of(cls, source: str, why: str) -> ExpressionFailed:
        """The one form of these messages."""
        shown = source if len(source) <= 120 else f"{source[:117]}..."
        return cls(f"expression `{shown}` failed: {why}")


def evaluate_expression(source: str, variables: Variables) -> Any:
    """The value of the expression. Raises `ExpressionFailed` with a message for the agent's builder."""
    engine = _engines.engine
    if engine is None:
        engine = _engines.engine = _Engine()
    try:
        prepared = engine.prepared(source)
        if prepared.is_chancy:
            chance = getattr(variables, "chance", None)
            now, seed = (None, 0) if chance is None else chance()
            engine.moment(now if now is None else float(now), seed & 0x7FFFFFFF)
        result = _call(engine, prepared, variables)
    except engine.failures as error:
        why, spent = explained(error, SECONDS, MEMORY_BYTES)
        if spent:
            _discard(engine)
        raise ExpressionFailed.of(source, why) from error
    if prepared.waits:
        # It may have left jobs behind, which keep what it made alive.
        _discard(engine)
    if result is None or result is True or result is False:
        return result
    return _given(source, result)


def check_expression(source: str) -> str | None:
    """What is wrong with the expression's syntax; None where nothing is."""
    if len(source) > LONGEST_SOURCE:
        return f"longer than {LONGEST_SOURCE} characters"
    if _BIGINT.search(source):
        return "BigInts are not available"
    import quickjs

    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    context.set_time_limit(SECONDS)
    try:
        problem = context.eval(f"{CHECK}({json.dumps(source)})")
    except (quickjs.JSException, UnicodeDecodeError, SystemError) as error:
        return explained(error, SECONDS, MEMORY_BYTES)[0]
    return problem if isinstance(problem, str) and problem else None


class _Prepared:
    """One expression, its words, and its functions by the words that are no variables.

    `mentioned` are all words, those of JavaScript and of properties too: what `variables` may be asked for.
    """

    __slots__ = ("functions", "is_chancy", "mentioned", "source", "waits", "words")

    def __init__(self, source: str) -> None:
        self.source = source
        self.mentioned = tuple(dict.fromkeys(_MENTIONED.findall(source)))
        self.words = tuple(
            word
            for word in dict.fromkeys(_WORD.findall(source))
            if word not in _NOT_VARIABLES and (word.isascii() or word.isidentifier())
        )
        self.is_chancy = _CHANCY.search(source) is not None
        """It may look at the clock, or leave something to chance."""
        self.waits = _WAITING.search(source) is not None
        self.functions: dict[tuple[str, ...], Any] = {}


class _Engine:
    """One context and what is prepared in it."""

    def __init__(self) -> None:
        import quickjs

        self.failures = (quickjs.JSException, UnicodeDecodeError, SystemError, RecursionError, MemoryError)
        self.context = quickjs.Context()
        self.context.set_memory_limit(MEMORY_BYTES)
        self.context.set_max_stack_size(STACK_BYTES)
        self.context.eval(REALM)
        self.context.set_time_limit(SECONDS)
        self.spread = self.context.eval(SPREAD)
        self.moment = self.context.eval(MOMENT)
        self.prepared = lru_cache(maxsize=PREPARED)(_prepare)

    def function(self, prepared: _Prepared, undefined: tuple[str, ...]) -> Any:
        """The expression as a function of its words that are variables."""
        if len(prepared.functions) >= _SHAPES:
            prepared.functions.clear()
        names = [word for word in prepared.words if word not in undefined]
        declared = f"var {','.join(undefined)};" if undefined else ""
        function = self.context.eval(
            f"Object.freeze(({','.join(names)})=>{{{declared}"
            f"try{{return {GIVE}(({prepared.source}\n))}}catch(_){{throw {FAIL}(_)}}}})"
        )
        prepared.functions[undefined] = function
        return function


class _Engines(threading.local):
    engine: _Engine | None = None


_engines = _Engines()


def _discard(engine: _Engine) -> None:
    engine.prepared.cache_clear()
    _engines.engine = None


def _prepare(source: str) -> _Prepared:
    problem = check_expression(source)
    if problem is not None:
        raise ExpressionFailed.of(source, problem)
    return _Prepared(source)


def _call(engine: _Engine, prepared: _Prepared, variables: Variables) -> Any:
    values: list[Any] = []
    undefined: list[str] = []
    plain = True
    get = variables.get
    for word in prepared.words:
        value = get(word, _MISSING)
        kind = type(value)
        if kind is str:
            plain = plain and "\0" not in value and (value.isascii() or _is_whole(value))
        elif kind is int:
            if not -_INT32 <= value < _INT32:
                value = _as_float(value)
        elif value is _MISSING:
            if word != _ALL:
                undefined.append(word)
                continue
            value = variables.shown() | {name: variables.get(name) for name in prepared.mentioned if name in variables}
            plain = False
        elif kind is not float and kind is not bool and value is not None:
            plain = False
        values.append(value)
    shape = tuple(undefined) if undefined else ()
    function = prepared.functions.get(shape) or engine.function(prepared, shape)
    if plain:
        return function(*values)
    packed = json_of(values)
    if packed is None:
        raise ExpressionFailed.of(prepared.source, "a variable is not a JSON value")
    return engine.spread(function, engine.context.parse_json(packed))


def _is_whole(text: str) -> bool:
    """Whether the text has no half of a surrogate pair, which cannot be passed but as JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def json_of(value: Any) -> str | None:
    """The value as JSON that JavaScript reads, half surrogate pairs and all; None where it is no JSON value."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    try:
        return json.dumps(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def _given(source: str, result: Any) -> Any:
    """A result as a JSON value. Texts that need it, and all objects, come as a list of one text: their JSON."""
    if isinstance(result, float):
        if not math.isfinite(result):
            return None
        return int(result) if result.is_integer() and abs(result) < _EXACT else result
    if isinstance(result, int):
        return result
    text = result if isinstance(result, str) else json.loads(result.json())[0]
    if len(text) > LARGEST_RESULT:
        raise ExpressionFailed.of(source, f"the result is longer than {LARGEST_RESULT} characters")
    if isinstance(result, str):
        return text
    try:
        return whole_json(text)
    except RecursionError as error:
        raise ExpressionFailed.of(source, "the result is nested too deeply") from error


def whole_json(text: str) -> Any:
    """The value of JSON out of JavaScript. Halves of surrogate pairs, which cutting a text leaves, are replaced."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(text), ensure_ascii=False)
        return json.loads(whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


_UNSHOWN = ("", "null", "[uninitialized]", "something that cannot be shown was thrown")
"""What an error says that was made without memory left to say more."""


def explained(error: BaseException, seconds: float, memory_bytes: int) -> tuple[str, bool]:
    """What to tell the builder about an error under these limits, and whether the context is spent."""
    text = str(error).split("\n", 1)[0].strip()
    thrown = text.removeprefix("Error: ")
    if "interrupted" in text and not text.startswith("Error: "):
        return f"stopped after {seconds} s", True
    if thrown in _UNSHOWN or "out of memory" in thrown:
        return (
            f"it threw nothing that can be shown, or needs more than {memory_bytes // 1024 // 1024} MB of memory",
            True,
        )
    ordinary = text.startswith(("Error: ", "SyntaxError")) and not thrown.startswith("InternalError")
    return thrown, not ordinary
