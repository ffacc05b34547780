"""How a test of an agent reaches it: an action goes in, traces come out (`parley.trials.stage`)."""

from __future__ import annotations

from parley.backends.props import Furnished
from parley.domain.program import Program, version_of
from parley.engine.agent import Agent
from parley.engine.world import World
from parley.ports.knowledge import KnowledgeBase
from parley.ports.llm import LanguageModel
from parley.ports.tools import Tools
from parley.trials.stage import NOW_MS, Answer, Send, new_session, staged

__all__ = ["NOW_MS", "Answer", "Send", "engine_driver", "new_session"]


def engine_driver(
    program: Program,
    tools: Tools | None = None,
    model: LanguageModel | None = None,
    knowledge: KnowledgeBase | None = None,
) -> Send:
    """A new session of the program in the engine itself, with scripts in this process and `tools` for a world."""
    props = Furnished()
    secrets = {"key": "s3cret"}.get
    world = World(props.scripts(), tools or props.tools({}), props.effects(), secrets, model=model, knowledge=knowledge)
    return staged(Agent(version_of(program), program), world)
