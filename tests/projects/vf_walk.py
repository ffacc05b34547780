"""Drives the engine with an imported program: actions in, what the user gets out."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from parley.domain.actions import LAUNCH, parse_action
from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, TurnID, UserID
from parley.domain.program import Program, version_of
from parley.domain.state import SessionState
from parley.domain.traces import Stamp, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.turn import Turn

HIDDEN = ("block", "debug", "flow", "path")


class Walk:
    """One conversation."""

    def __init__(self, program: Program, **variables: Any) -> None:
        self.agent = Agent(version_of(program), program)
        self.state = SessionState(
            id=SessionID("0" * 24),
            project=ProjectID("p"),
            environment=EnvironmentAlias("main"),
            version=self.agent.version,
            user=UserID("ada"),
            created_at=0,
        )
        seed(program, self.state, {})
        self.state.variables |= variables
        self.over = False
        self._turns = 0

    def send(self, wire: dict[str, Any]) -> list[dict[str, Any]]:
        """The traces that answer an action, without those for builders."""
        traces: list[Trace] = []
        self._turns += 1
        turn = Turn(
            self.agent,
            self.state,
            parse_action(wire),
            id=TurnID(f"{self._turns:024x}"),
            now_ms=1_700_000_000_000,
            emit=traces.append,
            config=TurnConfig(),
        )
        asyncio.run(run(turn))
        self.over = turn.finished
        decoded = [msgspec.json.decode(Stamp("t").encode(trace, 0)) for trace in traces]
        return [trace for trace in decoded if trace["type"] not in HIDDEN]

    def launch(self) -> list[str]:
        """What is said at the beginning."""
        return spoken(self.send(LAUNCH))

    def say(self, text: str) -> list[str]:
        """What is said to a text."""
        return spoken(self.send({"type": "text", "payload": text}))


def spoken(traces: list[dict[str, Any]]) -> list[str]:
    """The messages among the traces."""
    return [trace["payload"]["message"] for trace in traces if trace["type"] in ("text", "speak")]
