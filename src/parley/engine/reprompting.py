"""Having a language model ask for the entities that are missing. Knows not what becomes of the reply.

Source: engine, section 3 (capture-v3, `automaticReprompt`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parley.domain.steps import Capture, WantedEntity
from parley.engine.asking import ask
from parley.engine.judging import about, conversation, one_line
from parley.engine.telling import Telling
from parley.engine.templates import render, text_of
from parley.engine.turn import Turn

_TASK = "A user is asked for what is missing. Write the next message to the user, and nothing else."


async def say_reprompt(step: Capture, found: Mapping[str, Any], broken: Sequence[str], turn: Turn) -> bool:
    """Say what the model writes; False, with a debug trace, where it writes nothing.

    `found` are the values so far by entity, `broken` the rules (finished texts) that the last reply did not keep.
    """
    telling = Telling(turn, streams=turn.config.completion_events)
    answer = await ask(about(step.briefing, _TASK, _parts(step, found, broken, turn), turn), turn, telling.hear)
    if answer is None or not answer.text.strip():
        telling.stop()
        return False
    telling.finish(answer.text.strip())
    return True


def known_of(found: Mapping[str, Any]) -> str:
    """The values so far, for the model."""
    lines = [f"- {name}: {one_line(text_of(value))}" for name, value in found.items()]
    return "\n".join(["Known:", *lines]) if lines else ""


def rules_of(step: Capture, turn: Turn) -> list[str]:
    """The rules as finished texts."""
    return [one_line(render(rule, turn.variables)) for rule in step.rules]


def _parts(step: Capture, found: Mapping[str, Any], broken: Sequence[str], turn: Turn) -> tuple[str, ...]:
    missing = [_wanted(each, turn) for each in step.entities if each.entity not in found]
    return (
        conversation(turn),
        known_of(found),
        _listed("Missing:", missing),
        _listed("Rules:", rules_of(step, turn)),
        _listed("The last reply broke these rules:", broken),
    )


def _wanted(wanted: WantedEntity, turn: Turn) -> str:
    example = render(wanted.placeholder, turn.variables)
    return f"{wanted.entity} (for example {one_line(example)})" if example else wanted.entity


def _listed(head: str, items: Sequence[str]) -> str:
    return "\n".join([head, *(f"- {item}" for item in items)]) if items else ""
