"""One turn, played from a saved state: what was said, which steps ran, and what went wrong. Saves nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from parley.crawl.edges import Place
from parley.crawl.outcomes import Outcomes
from parley.domain.actions import parse_action
from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, StepID, TurnID, UserID
from parley.domain.state import SessionState, decode_state, encode_state
from parley.domain.traces import DebugTrace, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.turn import Turn
from parley.engine.world import NOWHERE, World

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: what is played twice comes out the same

Wire = dict[str, Any]
Help = Callable[[Turn, Place], None]
"""What is done from outside when a turn has come to a place."""


class Played(Struct, frozen=True):
    """What a turn did. `state` is as it was saved afterwards; `complaints` are its error traces.

    `failure` is the traceback of an internal error, None as it should be.
    """

    state: bytes
    traces: list[Trace]
    visited: list[Place]
    is_over: bool
    complaints: tuple[str, ...] = ()
    failure: str | None = None


class _Watched(Turn):
    """A turn that remembers which steps it ran."""

    visited: list[Place]
    helping: Help | None = None

    def count_step(self) -> None:
        """Called by the interpreter before each step."""
        place = (self.frame.workflow, self.frame.step or StepID(""))
        self.visited.append(place)
        super().count_step()
        if self.helping is not None:
            self.helping(self, place)


def first_state(agent: Agent) -> bytes:
    """A session before its first action."""
    state = SessionState(
        SessionID("0" * 24),
        ProjectID("walk"),
        EnvironmentAlias("main"),
        agent.version,
        UserID("walker"),
        NOW_MS,
    )
    seed(agent.program, state, {})
    return encode_state(state)


async def play(
    agent: Agent, state: bytes, action: Wire, outcomes: Outcomes, *, chance: int = 0, helping: Help | None = None
) -> Played:
    """The turn that answers `action`. `chance` is how random things fall; `helping` is called before each step."""
    before = decode_state(state)
    traces: list[Trace] = []
    turn = outcomes.turn = _turn(agent, before, action, traces, chance, outcomes.world())
    turn.helping = helping
    failure = None
    try:
        await run(turn)
    except Exception:  # noqa: BLE001 (to find these is what a walk is for)
        failure = traceback.format_exc(limit=-4)
    complaints = tuple(t.payload.message for t in traces if isinstance(t, DebugTrace) and t.payload.level == "error")
    return Played(encode_state(before), traces, turn.visited, turn.finished, complaints, failure)


def a_turn(agent: Agent, state: bytes) -> Turn:
    """A turn that stands where the state stands, for questions about it."""
    return _turn(agent, decode_state(state), {"type": "text", "payload": ""}, [], 0)


def _turn(
    agent: Agent, state: SessionState, action: Wire, traces: list[Trace], chance: int, world: World = NOWHERE
) -> _Watched:
    turn = _Watched(
        agent,
        state,
        parse_action(action),
        id=TurnID(f"{chance:024x}"),
        now_ms=NOW_MS,
        emit=traces.append,
        config=TurnConfig(),
        world=world,
    )
    turn.visited = []
    return turn
