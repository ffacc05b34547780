"""A house on a data file whose world is scripted, for sessions that are replayed from the file afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.backends.clock import SystemClock
from parley.backends.scripts.inline import InlineScripts
from parley.backends.store.sqlite import SqliteStore
from parley.domain.actions import parse_action
from parley.domain.ids import UserID
from parley.domain.transcript import Traced, TurnConfig
from parley.engine.world import World
from parley.ports.llm import LanguageModel
from parley.ports.tools import Tools
from parley.projects.load import load
from parley.session.answer import Answer
from parley.session.catalog import Catalog
from parley.session.directory import Directory
from parley.session.handle import Post, SessionHandle
from parley.session.work import Surroundings


@dataclass
class House:
    """An open house, and its one project's sessions."""

    store: SqliteStore
    directory: Directory
    project: Any

    async def session(self, user: str = "ada") -> SessionHandle:
        """A new session of this user."""
        return await self.directory.create(self.project.id, UserID(user), self.project.environments[0])


@asynccontextmanager
async def house(
    data: Path, agent: Path, tools: Tools, model: LanguageModel | None = None, **secrets: str
) -> AsyncIterator[House]:
    """Open the file, serve the agent, close the file again."""
    clock = SystemClock()
    store = SqliteStore(data, clock=clock)
    await store.open()
    world = World(
        InlineScripts(),
        tools,
        store.effects,
        secrets.get,
        now_ms=clock.now_ms,
        model=model,
        sleep=asyncio.sleep,
    )
    catalog = Catalog(store.versions)
    project = load(agent).project
    await catalog.serve(project)
    try:
        yield House(store, Directory(catalog, Surroundings(store, store, clock, world=world)), project)
    finally:
        await store.close()


async def send(session: SessionHandle, action: dict[str, Any] | str, **config: Any) -> Answer:
    """Post an action without waiting for its answer; a text is what the user says."""
    wire = {"type": "text", "payload": action} if isinstance(action, str) else action
    return await session.post(Post(parse_action(wire), TurnConfig(**config)))


async def tell(session: SessionHandle, *actions: dict[str, Any] | str, **config: Any) -> list[str]:
    """Send one after the other, and what was said in texts to all of them."""
    said: list[str] = []
    for action in actions:
        answer = await send(session, action, **config)
        bodies = [emission.body for emission in await answer.whole()]
        traces = [body.data for body in bodies if isinstance(body, Traced) and body.type == "text"]
        said += [message_of(bytes(trace)) for trace in traces]
    return said


def message_of(trace: bytes) -> str:
    """What a text trace says."""
    import msgspec

    message: str = msgspec.json.decode(trace)["payload"]["message"]
    return message
