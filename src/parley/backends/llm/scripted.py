"""A language model that is none: it answers from a script, the same every time. For tests and for trying agents out.

Says so wherever it speaks: its usage calls it `scripted` and names the rule, and it warns when it is made. A script is
YAML, a list of rules, of which the first that fits answers:

    - when: (?i)capital of (\\w+)         # a regular expression, searched for in what the user said last
      system: travel                     # a text that the system prompt must hold
      answer: The capital of \\1 is far away.
    - when: refund
      choose: refunded                   # the way that it takes, where it is offered
      values: {amount: 3}
    - fails: no answer today             # the model cannot be reached
    - answer: [One answer., Another.]    # by turns: one for each time that this rule has answered
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import structlog
import yaml
from msgspec import Struct, field

from parley.errors import BadProject
from parley.ports.llm import Asked, ModelUnavailable, Piece, ToolCall, Usage

log = structlog.get_logger()

NAME = "scripted"
_WORDS = re.compile(r"\S+\s*|\s+")


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. Without `when` and `system` it fits everything."""

    when: str = ""
    system: str = ""
    answer: str | list[str] = ""
    choose: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    fails: str | None = None


class ScriptedModel:
    """Answers by its rules. It counts nothing as tokens but words, and calls itself `scripted`."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = [(rule, re.compile(rule.when)) for rule in rules]
        self._answered: Counter[int] = Counter()
        log.warning("answers come from a script, not from a language model", rules=len(rules))

    async def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        """See `LanguageModel.answer`. The pieces are words."""
        said = next((line.content for line in reversed(asked.lines) if line.role == "user"), "")
        for n, (rule, pattern) in enumerate(self._rules, 1):
            found = pattern.search(said)
            is_offered = rule.choose is None or any(rule.choose == tool.name for tool in asked.tools)
            if found is None or rule.system not in asked.system or not is_offered:
                continue
            if rule.fails is not None:
                raise ModelUnavailable(f"the script says: {rule.fails}")
            text = self._text(n, rule, found)
            for word in _WORDS.findall(text):
                yield word
            if rule.choose is not None:
                yield ToolCall(f"call_{n}", rule.choose, msgspec.json.encode(rule.values).decode())
            yield _usage(asked, text, f"rule {n} of a script answered, not a language model")
            return
        raise ModelUnavailable(f"the script has no rule for `{said[:80]}`")

    def _text(self, n: int, rule: Rule, found: re.Match[str]) -> str:
        texts = [rule.answer] if isinstance(rule.answer, str) else rule.answer or [""]
        text = texts[self._answered[n] % len(texts)]
        self._answered[n] += 1
        return found.expand(text) if "\\" in text else text


def read_script(path: Path) -> ScriptedModel:
    """The model of a script's file. Raises `BadProject` with one line that says what is wrong with it."""
    try:
        return script_of(path.read_text("utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError, msgspec.ValidationError, re.error) as failed:
        raise BadProject(f"{path}: is not a script for a language model: {str(failed).splitlines()[0]}.") from failed


def script_of(text: str) -> ScriptedModel:
    """The model of a script."""
    return ScriptedModel(msgspec.convert(yaml.safe_load(text), tuple[Rule, ...]))


def _usage(asked: Asked, text: str, note: str) -> Usage:
    read = sum(len(line.content.split()) for line in asked.lines) + len(asked.system.split())
    return Usage(NAME, read, len(text.split()), note)
