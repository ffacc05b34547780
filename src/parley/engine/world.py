"""What steps may reach beyond the conversation: each is a port; an agent that is run alone has none of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from parley.domain.ids import EnvironmentAlias, ProjectID, SessionID, TurnID
from parley.engine.tools.errands import Errands
from parley.ports.effects import Effect, EffectName, Effects
from parley.ports.knowledge import KnowledgeBase
from parley.ports.llm import LanguageModel
from parley.ports.mcp import McpServers
from parley.ports.scripts import Fetch, Ran, Script, Scripts
from parley.ports.tools import Request, RequestFailed, Response, Tools

Secrets = Callable[[str], str | None]
"""A secret by name; None where there is none."""
Vault = Callable[[ProjectID, EnvironmentAlias], Secrets]
"""The secrets of one environment of a project."""


class Nowhere:
    """Every port at once, for an engine without surroundings: nothing can be run or called, which steps report."""

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """See `Scripts.run`."""
        return Ran(error="scripts cannot be run here")

    async def send(self, request: Request) -> Response:
        """See `Tools.send`."""
        raise RequestFailed("nothing can be called from here")

    def post(self, request: Request) -> None:
        """See `Tools.post`."""
        raise RequestFailed("nothing can be called from here")

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """See `Effects.begin`."""
        return None

    async def find(self, name: EffectName) -> Effect | None:
        """See `Effects.find`."""
        return None

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """See `Effects.finish`."""

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """See `Effects.settle`."""


async def _for_ever(seconds: float) -> None:
    """There is no clock, so it is never time."""
    await asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True)
class World:
    """The ports that steps use. `model`, `knowledge` and `mcp` are None where there is none.

    `sleep` is the clock's, `vault` has the secrets of all projects, and `search` is the address of a search engine
    (`engine/tools/web_search.py`).
    """

    scripts: Scripts
    tools: Tools
    effects: Effects
    secrets: Secrets = lambda name: None
    now_ms: Callable[[], int] = lambda: 0
    model: LanguageModel | None = None
    knowledge: KnowledgeBase | None = None
    mcp: McpServers | None = None
    sleep: Callable[[float], Awaitable[None]] = _for_ever
    search: str | None = None
    errands: Errands = field(default_factory=Errands)
    vault: Vault | None = None

    def of(self, project: ProjectID, environment: EnvironmentAlias) -> World:
        """The world as one environment of a project sees it: with its secrets."""
        return self if self.vault is None else replace(self, secrets=self.vault(project, environment), vault=None)


_NOWHERE = Nowhere()
NOWHERE = World(_NOWHERE, _NOWHERE, _NOWHERE)
