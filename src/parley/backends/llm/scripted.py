"""A language model that is none: it answers from a script, the same every time. For tests and for trying agents out.

Says so wherever it speaks: its usage calls it `scripted` and names the rule, and it warns when it is made. `script.py`
shows what a script can say.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import structlog
import yaml

from parley.backends.llm.script import Fails, Place, Rule, find, read_rules
from parley.errors import BadProject
from parley.ports.clock import Clock
from parley.ports.llm import Asked, ModelUnavailable, Piece, Thought, ToolCall, Usage

log = structlog.get_logger()

NAME = "scripted"
_WORDS = re.compile(r"\S+\s*|\s+")


class ScriptedModel:
    """Answers by its rules. It counts nothing as tokens but words, and calls itself `scripted`.

    Without a clock it waits for nothing, whatever the script says.
    """

    def __init__(self, rules: tuple[Rule, ...], clock: Clock | None = None) -> None:
        self._rules = rules
        self._clock = clock
        self._asked: Counter[str] = Counter()
        log.warning("answers come from a script, not from a language model", rules=len(rules))

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """See `LanguageModel.answer`. The pieces are words."""
        place = find(self._rules, asked)
        if place is None:
            raise ModelUnavailable("the script has no rule for this", "refused")
        time = self._asked[place.path]
        self._asked[place.path] += 1
        rule, fails = place.rule, place.rule.failure()
        if fails is not None and fails.times and time >= fails.times:
            fails = None
        await self._wait(rule.delay)
        text = _text(place, time)
        words = _WORDS.findall(text)
        if fails is None and rule.think:
            yield Thought(place.filled(rule.think))
        for n, word in enumerate(words if fails is None else words[: fails.after]):
            if n:
                await self._wait(rule.pause)
            yield word
        if fails is not None:
            raise _failure(fails)
        before = sum(len(line.calls) for line in asked.lines)
        for n, (name, values) in enumerate(rule.called(), before + 1):
            filled = place.filled(values)
            written = filled if isinstance(filled, str) else msgspec.json.encode(filled).decode()
            yield ToolCall(f"call_{place.path}_{n}", name, written)
        yield _usage(asked, text, place)

    async def close(self) -> None:
        """Nothing to close."""

    async def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._clock is not None:
            await self._clock.sleep(seconds)


def read_script(path: Path, clock: Clock | None = None) -> ScriptedModel:
    """The model of a script's file. Raises `BadProject` with one line that says what is wrong with it."""
    try:
        return script_of(path.read_text("utf-8"), clock)
    except (OSError, UnicodeError, yaml.YAMLError, msgspec.ValidationError, re.error) as failed:
        raise BadProject(f"{path}: is not a script for a language model: {str(failed).splitlines()[0]}.") from failed


def script_of(text: str, clock: Clock | None = None) -> ScriptedModel:
    """The model of a script."""
    return ScriptedModel(read_rules(text), clock)


def _text(place: Place, time: int) -> str:
    rule = place.rule
    if rule.json is not msgspec.UNSET:
        return json.dumps(place.filled(rule.json), ensure_ascii=False, default=str)
    texts = [rule.answer] if isinstance(rule.answer, str) else rule.answer or [""]
    text: str = place.filled(texts[time % len(texts)])
    return text


def _failure(fails: Fails) -> ModelUnavailable:
    return ModelUnavailable(f"the script says: {fails.says or fails.kind}", fails.kind, fails.retry_after)


def _usage(asked: Asked, text: str, place: Place) -> Usage:
    note = f"rule {place.path} of a script answered, not a language model"
    counted = place.rule.usage
    if counted is not None:
        return Usage(NAME, counted.asked, counted.answered, note, counted.cached, counted.cost)
    read = sum(len(line.content.split()) for line in asked.lines) + len(asked.system.split())
    return Usage(NAME, read, len(text.split()), note)
