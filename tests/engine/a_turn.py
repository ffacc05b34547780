"""A turn that stands nowhere, for tests of what a step may ask of it: its variables, and what it emits."""

from __future__ import annotations

from typing import Any

from parley.domain.actions import Text
from parley.domain.program import Program, Workflow
from parley.domain.state import Frame, SessionState
from parley.domain.traces import Trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.turn import Turn
from parley.engine.variables import Variables


def variables(**values: Any) -> Variables:
    """Session variables with these values."""
    return a_turn(**values)[0].variables


def a_turn(**values: Any) -> tuple[Turn, list[Trace]]:
    """A turn with these session variables, and the list that its traces go to."""
    state = SessionState("s", "p", "main", "v", "u", created_at=0, stack=[Frame("w")], variables=values)
    agent = Agent("v", Program("test", "w", {"w": Workflow("w", "W")}))
    said: list[Trace] = []
    action = Text({"type": "text", "payload": "hello"}, "hello")
    return Turn(agent, state, action, id="0" * 24, now_ms=0, emit=said.append, config=TurnConfig()), said
