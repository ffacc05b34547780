"""Texts of several turns that become one action: the first turn says all of them, the others say nothing.

Source: decisions, "Concurrency". The state that is saved with the first turn names the others, so that whoever takes
the session up after a crash does not perform a text twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parley.domain.actions import Action, Text
from parley.domain.program import Settings
from parley.domain.state import SessionState
from parley.domain.transcript import TurnConfig
from parley.session.answer import Answer

MERGED = "merged"
"""Why a turn whose text was said by an earlier one is completed, and what stands in its transcript."""


def quiet_of(action: Action, config: TurnConfig, settings: Settings) -> int | None:
    """How long an action waits for a text to be merged with, in milliseconds; None: it does not."""
    policy = config.concurrency or settings.concurrency
    is_waiting = policy == "merge" and isinstance(action, Text)
    return round(settings.quiet_seconds * 1000) if is_waiting else None


def merge(answers: Sequence[Answer], state: SessionState) -> None:
    """Give the first of these all the texts. They must be of turns that have not begun, in order."""
    first, *others = answers
    text = "\n".join(each.action.text for each in answers if isinstance(each.action, Text))
    more = {name: value for name, value in (first.record.action or {}).items() if name not in ("type", "payload")}
    wire = {"type": "text", "payload": text, **more}
    variables = {name: value for each in answers for name, value in (each.record.variables or {}).items()}
    first.action = Text(wire, text)
    first.record = replace(first.record, action=wire, variables=variables or None)
    for each in others:
        leave_out(each)
    state.merged = [each.turn for each in others]


def leave_out(answer: Answer) -> None:
    """The text of this turn is part of an earlier one's."""
    answer.is_merged = True
    answer.quiet_ms = None
    answer.record = replace(answer.record, action={"edit": MERGED}, variables=None)
