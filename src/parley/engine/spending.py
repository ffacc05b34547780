"""What models have taken: counted in a turn, summed in the session, and held against what the author allows.

Source: Conversations API, section 2.8 (cost limit of a conversation).
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.playbooks import CostLimit
from parley.domain.traces import DebugPayload, DebugTrace
from parley.engine.stored import stored
from parley.ports.llm import Usage

USAGE = "usage"
"""Storage of the session: what its models have taken since it began."""
MAX_COST = "max_cost"
"""Why a conversation ended that had cost what it may."""


class Spent(Struct):
    """Tokens asked, answered and read from a cache; US dollars, as far as prices are known."""

    calls: int = 0
    asked: int = 0
    answered: int = 0
    cached: int = 0
    cost: float = 0.0

    def add(self, usage: Usage) -> None:
        """One more answer."""
        self.asked += usage.asked
        self.answered += usage.answered
        self.cached += usage.cached
        self.cost += usage.cost or 0.0


def sum_up(spent: Spent, storage: dict[str, Any]) -> DebugTrace:
    """Add what a turn took to the session's sum; the trace tells both."""
    whole = stored(storage, USAGE, Spent) or Spent()
    for name in Spent.__struct_fields__:
        setattr(whole, name, getattr(whole, name) + getattr(spent, name))
    storage[USAGE] = {name: getattr(whole, name) for name in Spent.__struct_fields__}
    message = (
        f"this turn: {spent.calls} questions to models, {spent.asked} tokens asked, {spent.answered} answered, "
        f"${spent.cost:.4f}; the conversation: ${whole.cost:.4f}"
    )
    numbers = {"turn": _numbers(spent), "conversation": _numbers(whole)}
    return DebugTrace(DebugPayload(message, level="info", context="usage", metadata=numbers))


def is_over(limit: CostLimit | None, spent: Spent, storage: dict[str, Any]) -> bool:
    """Whether the conversation, with this turn, has cost what it may."""
    if limit is None:
        return False
    before = stored(storage, USAGE, Spent) or Spent()
    return before.cost + spent.cost >= limit.dollars


def _numbers(spent: Spent) -> dict[str, Any]:
    return {name: getattr(spent, name) for name in Spent.__struct_fields__}
