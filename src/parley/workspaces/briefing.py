"""A briefing: what an operator should know before they join a conversation.

Counted and quoted from what is there. Nothing here guesses at what anybody feels or wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.operator import Escalation, Operator, WrapUp
from parley.domain.state import SessionState
from parley.domain.workspace import WorldEntity

LONGEST = 300
"""How much of one value is shown."""
MOST = 40
"""How many values are shown."""


class Facts(Struct, frozen=True):
    """What there is to say. `said`: who said what last, oldest first; `service` is its name."""

    state: SessionState
    now_ms: int
    service: str
    entity: WorldEntity | None
    escalations: Sequence[Escalation]
    operators: Sequence[Operator]
    wrap_ups: Sequence[WrapUp]
    said: Sequence[tuple[str, str]]


def brief(facts: Facts) -> Iterator[tuple[str, str]]:
    """Titles and contents, the most urgent first."""
    yield "Escalation", _escalation(facts)
    yield "Conversation", _conversation(facts)
    if facts.entity is not None:
        yield "Who is talking", _lines({"name": facts.entity.display_name, **facts.entity.state})
    known = {name: value for name, value in facts.state.variables.items() if _is_told(name, value)}
    if known:
        yield "What the agent knows", _lines(known)
    yield "Last said", "\n".join(f"{who}: {_short(text)}" for who, text in facts.said) or "Nothing yet."
    if facts.operators:
        yield "Operators", "\n".join(f"{each.name}: {each.mode}" for each in facts.operators)
    if facts.wrap_ups:
        yield "Wrap-ups", "\n".join(f"{each.outcome}: {_short(each.notes)}" for each in facts.wrap_ups)


def _escalation(facts: Facts) -> str:
    active = next((each for each in facts.escalations if each.is_active), None)
    if active is None:
        return f"Nobody is asked for. Escalations so far: {len(facts.escalations)}."
    until = facts.now_ms if active.connected_at is None else active.connected_at
    waited = (until - active.requested_at) // 1000
    return _lines(
        {"status": active.status, "asked by": active.trigger, "reason": active.reason, "waited": f"{waited} s"}
    )


def _conversation(facts: Facts) -> str:
    state = facts.state
    contact = state.contact
    return _lines(
        {
            "service": facts.service,
            "channel": contact.channel,
            "direction": contact.direction,
            "caller": contact.caller,
            "began": f"{(facts.now_ms - state.created_at) // 1000} s ago",
            "turns": state.revision,
            "in": state.stack[-1].workflow if state.stack else "",
            "with": "" if (held := state.held(facts.now_ms)) is None else held.name,
        }
    )


def _is_told(name: str, value: Any) -> bool:
    return name not in BUILTIN_VARIABLES and name != "entity" and value not in (None, "", 0, [], {})


def _lines(values: dict[str, Any]) -> str:
    shown = [(name, value) for name, value in values.items() if value not in (None, "")]
    return "\n".join(f"{name}: {_short(value)}" for name, value in shown[:MOST])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
