"""A session's state as clients see it between turns, with the variables that are computed when they are read."""

from __future__ import annotations

from typing import Any

from parley.domain.program import Program
from parley.domain.state import SessionState
from parley.engine.injected import without_injections
from parley.engine.variables import Variables


def shown_state(state: SessionState, program: Program, now_ms: int) -> dict[str, Any]:
    """The state in its documented shape (Conversations API, section 2.3)."""
    variables = Variables(state, now_ms, program.settings.timezone)
    return state.shown() | {"variables": variables.shown()}


def shown_to_user(state: SessionState, shown: dict[str, Any]) -> dict[str, Any]:
    """The same for whoever has the session's key: without what was put in from outside, which may be guidance."""
    return without_injections(shown) if state.folded else shown
