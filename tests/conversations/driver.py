"""How a conversation test reaches an agent: an action goes in, traces come out.

`engine_driver` runs the engine alone, and passes the state through its stored form after every turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from parley.backends.scripts.inline import InlineScripts
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.actions import parse_action
from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, TurnID, UserID
from parley.domain.program import Program, version_of
from parley.domain.state import SessionState, decode_state, encode_state
from parley.domain.traces import Trace, encode_trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.ports.knowledge import KnowledgeBase
from parley.ports.llm import LanguageModel
from parley.ports.tools import Tools

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class Answer(Struct, frozen=True):
    """What came back: the traces as JSON, the variables afterwards, and whether the conversation is over."""

    traces: list[dict[str, Any]]
    variables: dict[str, Any]
    ended: bool


Send = Callable[[dict[str, Any], dict[str, Any]], Awaitable[Answer]]
"""(action, turn config) -> answer."""


def engine_driver(
    program: Program,
    tools: Tools | None = None,
    model: LanguageModel | None = None,
    knowledge: KnowledgeBase | None = None,
) -> Send:
    """A new session of the program in the engine itself, with scripts in this process and `tools` for a world."""
    secrets = {"key": "s3cret"}.get
    effects = MemoryEffects()
    world = World(InlineScripts(), tools or ScriptedTools(), effects, secrets, model=model, knowledge=knowledge)
    agent = Agent(version_of(program), program)
    state = new_session(program)
    turns = 0

    async def send(action: dict[str, Any], config: dict[str, Any]) -> Answer:
        nonlocal state, turns
        turns += 1
        said: list[Trace] = []
        turn = Turn(
            agent,
            state,
            parse_action(action),
            id=TurnID(f"{NOW_MS + turns:012x}{turns * 7919:012x}"),
            now_ms=NOW_MS + turns,
            emit=said.append,
            config=msgspec.convert(config, TurnConfig),
            world=world,
        )
        await run(turn)
        variables = turn.variables.shown()
        state = decode_state(encode_state(state))
        traces = [msgspec.json.decode(encode_trace(trace, NOW_MS, turn.id)) for trace in said]
        return Answer(traces, variables, turn.finished)

    return send


def new_session(program: Program) -> SessionState:
    """A session before its first action."""
    state = SessionState(
        SessionID(f"{NOW_MS:024x}"),
        ProjectID("test"),
        EnvironmentAlias("main"),
        version_of(program),
        UserID("user-1"),
        NOW_MS,
    )
    seed(program, state, {})
    return state
