"""Asking a language model which statements are true of the conversation: all at once, answered with numbers.

Source: engine, section 3 (condition-v3; capture-v3: exit scenarios and rules).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from parley.domain.prompt import Briefing
from parley.domain.traces import debug
from parley.engine.asking import ask, remembered
from parley.engine.templates import render
from parley.engine.turn import Turn
from parley.ports.llm import Asked, Line

_NUMBERS = re.compile(r"[0-9]{1,4}(?:\s*,\s*[0-9]{1,4})*\.?")
_TASK = "Read the conversation, then tell which of the numbered statements are true of it."
_FORM = (
    "Reply with the numbers of the true statements, separated by commas, or with 0 if none is true, and nothing else."
)
_HEAD = "Statements:\n"
_SHOWN = 80


async def judge(statements: Sequence[str], briefing: Briefing, turn: Turn, known: str = "") -> frozenset[int] | None:
    """The places in `statements` (finished texts) of those that the model finds true, in one call.

    None, with a debug trace, when it cannot be asked or does not answer with numbers from 0 to the last one. `known`
    is what it is told besides the conversation.
    """
    numbered = "\n".join(f"{n}. {one_line(statement)}" for n, statement in enumerate(statements, 1))
    parts = (conversation(turn), known, f"{_HEAD}{numbered}", _FORM)
    answer = await ask(about(briefing, _TASK, parts, turn), turn)
    if answer is None:
        return None
    found = _numbers_in(answer.text)
    if found is None or any(number > len(statements) for number in found):
        said = one_line(answer.text)[:_SHOWN]
        message = f"the model decided nothing: '{said}' are not numbers from 0 to {len(statements)}"
        turn.emit(debug(message, level="error", context="model"))
        return None
    return frozenset(number - 1 for number in found if number)


def statements_in(asked: Asked) -> int:
    """How many statements a question of `judge` is about; 0 for a question of another kind."""
    text = asked.lines[-1].content if asked.lines else ""
    if not text.endswith(_FORM):
        return 0
    return len(text.removesuffix(_FORM).rpartition(_HEAD)[2].strip().splitlines())


def about(briefing: Briefing, task: str, parts: Sequence[str], turn: Turn) -> Asked:
    """What the model is asked about the conversation, which it gets to read and is not to continue."""
    system = "\n\n".join(part for part in (render(briefing.system, turn.variables), task) if part.strip())
    text = "\n\n".join(part for part in parts if part)
    return Asked((Line("user", text),), system, settings=briefing.settings)


def conversation(turn: Turn) -> str:
    """What has been said so far, a line for each message."""
    lines = [f"{line.role}: {one_line(line.content)}" for line in remembered(turn)]
    return "\n".join(["Conversation:", *(lines or ["(nothing has been said)"])])


def one_line(text: str) -> str:
    """The text without line breaks, so that nothing in it can pass for a line of the prompt."""
    return " ".join(text.split())


def _numbers_in(text: str) -> list[int] | None:
    said = text.strip()
    if _NUMBERS.fullmatch(said) is None:
        return None
    return [int(number) for number in said.removesuffix(".").split(",")]
