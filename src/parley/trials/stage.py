"""Where a conversation is tried: an agent in the engine alone, with a world that was written down for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from parley.domain.actions import parse_action
from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, TurnID, UserID
from parley.domain.program import Program, version_of
from parley.domain.state import SessionState, decode_state, encode_state
from parley.domain.traces import Stamp, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.errors import InvalidInput

NOW_MS = 1_767_225_600_000
"""When conversations begin where nothing else is said: 2026-01-01T00:00:00Z."""


class Answer(Struct, frozen=True):
    """What came back: the traces as JSON, the variables afterwards, and whether the conversation is over."""

    traces: list[dict[str, Any]]
    variables: dict[str, Any]
    ended: bool


Send = Callable[[dict[str, Any], dict[str, Any]], Awaitable[Answer]]
"""(action, turn config) -> answer. Raises `InvalidInput` for what is no action or no config."""


def staged(
    agent: Agent,
    world: World,
    *,
    now_ms: int = NOW_MS,
    user: str = "user-1",
    variables: Mapping[str, Any] | None = None,
) -> Send:
    """A new session of the agent. Its state goes through its stored form after every turn, as on a server."""
    state = new_session(agent.program, now_ms=now_ms, user=user)
    state.variables |= variables or {}
    turns = 0

    async def send(action: dict[str, Any], config: dict[str, Any]) -> Answer:
        nonlocal state, turns
        turns += 1
        said: list[Trace] = []
        turn = Turn(
            agent,
            state,
            parse_action(action),
            id=TurnID(f"{now_ms + turns:012x}{turns * 7919:012x}"),
            now_ms=now_ms + turns,
            emit=said.append,
            config=_config(config),
            world=world,
        )
        await run(turn)
        seen = turn.variables.shown()
        state = decode_state(encode_state(state))
        traces = [msgspec.json.decode(Stamp(turn.id).encode(trace, now_ms)) for trace in said]
        return Answer(traces, seen, turn.finished)

    return send


def new_session(program: Program, *, now_ms: int = NOW_MS, user: str = "user-1") -> SessionState:
    """A session before its first action."""
    state = SessionState(
        SessionID(f"{now_ms:024x}"),
        ProjectID("test"),
        EnvironmentAlias("main"),
        version_of(program),
        UserID(user),
        now_ms,
    )
    seed(program, state, {})
    return state


def _config(config: dict[str, Any]) -> TurnConfig:
    try:
        return msgspec.convert(config, TurnConfig)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"config: {error}") from error
