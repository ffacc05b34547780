"""The script of a scripted model: its rules, as YAML is read into them. Knows no model.

The first rule that fits answers:

    - when: (?i)capital of (\\w+)         # a regular expression, searched for in what the user said last
      system: travel                     # a text that the system prompt must hold
      tools: [atlas]                     # tools that have to be offered
      think: Let me see.
      answer: The capital of \\1 is far away.
    - when: refund (\\d+)
      calls: [{refund: {amount: '\\1'}}, {weather: {city: Oslo}}]    # at once; only where they are offered
      then:                              # asked again, with what the tools gave
        - {result: refused, answer: I am sorry.}
        - answer: It is done.
    - result: out of (\\w+)               # a regular expression, searched for in what the tools gave
      answer: There is no \\1 left.
    - when: how much
      json: {amount: 3, currency: EUR}   # an answer with a structure
    - {when: hurry, delay: 2, pause: 0.1, answer: Here I am.}     # seconds before the first word, and between words
    - when: try
      fails: {kind: rate_limited, retry_after: 2, times: 1}       # once; `after: 2` fails after two words
      answer: Here is an answer.
    - {when: cheap, answer: It is., usage: {asked: 1000, answered: 10, cached: 900, cost: 0.001}}
    - fails: no answer today             # the model cannot be reached
    - answer: [One answer., Another.]    # by turns: one for each time that this rule has answered
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from msgspec import Struct, field

from parley.ports.llm import Asked, Failure, Line


class Fails(Struct, frozen=True, forbid_unknown_fields=True):
    """How a rule fails: `after` so many words, and only the first `times` that it is asked (0: always)."""

    kind: Failure = "unavailable"
    says: str = ""
    after: int = 0
    times: int = 0
    retry_after: float | None = None


class Counted(Struct, frozen=True, forbid_unknown_fields=True):
    """The usage that a rule pretends."""

    asked: int = 0
    answered: int = 0
    cached: int = 0
    cost: float | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. Without a condition it fits everything but the result of a tool, if it calls one itself.

    `choose` and `values` are a short form of one call. With `anyway` it calls what is not offered.
    """

    when: str = ""
    system: str = ""
    tools: list[str] = []
    result: str | None = None
    think: str = ""
    answer: str | list[str] = ""
    json: Any = msgspec.UNSET
    calls: dict[str, Any] | list[dict[str, Any]] = []
    choose: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    anyway: bool = False
    then: list[Rule] = []
    fails: str | Fails | None = None
    delay: float = 0.0
    pause: float = 0.0
    usage: Counted | None = None

    def called(self) -> list[tuple[str, Any]]:
        """The tools that it uses, with their arguments: an object, or a text as a model may have written it."""
        each = [self.calls] if isinstance(self.calls, dict) else self.calls
        chosen = [] if self.choose is None else [(self.choose, self.values)]
        return [call for calls in each for call in calls.items()] + chosen

    def failure(self) -> Fails | None:
        """How it fails, if it does."""
        return Fails(says=self.fails) if isinstance(self.fails, str) else self.fails


class Place(Struct, frozen=True):
    """A rule and where it stands: `2`, or `2.1` for the first `then` of the second. `found` has its groups."""

    path: str
    rule: Rule
    found: re.Match[str]

    def filled(self, value: Any) -> Any:
        """A value with the groups in its texts."""
        match value:
            case str():
                return self.found.expand(value) if "\\" in value else value
            case dict():
                return {key: self.filled(each) for key, each in value.items()}
            case list():
                return [self.filled(each) for each in value]
            case _:
                return value


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a script. Raises `ValueError`, `yaml.YAMLError` or `re.error`."""
    rules = msgspec.convert(yaml.safe_load(text), tuple[Rule, ...])
    for rule in rules:
        _check(rule)
    return rules


def find(rules: tuple[Rule, ...], asked: Asked) -> Place | None:
    """The rule that answers."""
    said = next((line.content for line in reversed(asked.lines) if line.role == "user"), "")
    results = _results(asked.lines)
    given = "\n".join(line.content for line in results)
    for path, rule in _candidates(rules, asked.lines, bool(results)):
        found = re.search(rule.when, said)
        if rule.result is not None and found is not None:
            found = re.search(rule.result, given)
        if found is not None and _suits(rule, asked):
            return Place(path, rule, found)
    return None


def _candidates(rules: tuple[Rule, ...], lines: tuple[Line, ...], has_results: bool) -> Iterator[tuple[str, Rule]]:
    if has_results:
        yield from _afterwards(rules, lines)
    for n, rule in enumerate(rules, 1):
        is_for_results = rule.result is not None
        if has_results and not is_for_results and rule.called():
            continue
        if has_results or not is_for_results:
            yield str(n), rule


def _afterwards(rules: tuple[Rule, ...], lines: tuple[Line, ...]) -> Iterator[tuple[str, Rule]]:
    """The rules that go on from the one that called: its path is in the ids of its calls."""
    calls = next((line.calls for line in reversed(lines) if line.role == "assistant" and line.calls), ())
    written = re.fullmatch(r"call_([\d.]+)_\d+", calls[0].id) if calls else None
    if written is None:
        return
    level = rules
    for number in written[1].split("."):
        if not number or not 0 < int(number) <= len(level):
            return
        level = tuple(level[int(number) - 1].then)
    yield from ((f"{written[1]}.{n}", rule) for n, rule in enumerate(level, 1))


def _results(lines: tuple[Line, ...]) -> list[Line]:
    """What tools gave since the model spoke last."""
    fresh: list[Line] = []
    for line in reversed(lines):
        if line.role != "tool":
            break
        fresh.append(line)
    return fresh[::-1]


def _suits(rule: Rule, asked: Asked) -> bool:
    offered = {tool.name for tool in asked.tools}
    wanted = set(rule.tools) | (set() if rule.anyway else {name for name, _ in rule.called()})
    return rule.system in asked.system and wanted <= offered


def _check(rule: Rule) -> None:
    for pattern in (rule.when, rule.result or ""):
        re.compile(pattern)
    for following in rule.then:
        _check(following)
