"""A house with an estate, and clients of the platform door with keys of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from house_fixture import Opened, open_house
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.workspace import ROLES, Role, Workspace
from parley.workspaces.estate import Estate, estate_of
from watched_front import WatchedFront

URL = "http://parley.test"


@dataclass
class Ground:
    """An estate with two workspaces: ours, and a foreign one."""

    opened: Opened
    estate: Estate
    ours: Workspace
    foreign: Workspace
    front: WatchedFront
    keys: dict[Role, str] = field(default_factory=dict)
    foreign_key: str = ""

    @asynccontextmanager
    async def client(self, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A client with this key; an owner's where there is none."""
        headers = {"authorization": f"Bearer {self.keys['owner'] if key is None else key}"}
        transport = httpx.ASGITransport(app=self.front)
        async with httpx.AsyncClient(transport=transport, base_url=URL, headers=headers) as client:
            yield client

    def at(self, path: str) -> str:
        """A path in our workspace."""
        return f"/v1/{self.ours.id}{path}"


OPENED: list[Estate] = []
"""The estates that a test has made, closed after it: what they do behind it would outlive its event loop."""


async def close_all() -> None:
    """Close them."""
    while OPENED:
        await OPENED.pop().close()


async def break_ground(opened: Opened | None = None, *, is_first: bool = True) -> Ground:
    """Open a house and make its estate; `is_first` False: on a store that has one already, with keys of its own."""
    opened = opened or await open_house()
    estate = estate_of(opened.house, opened.store.records, opened.store, opened.store.conversations, ScriptedTools())
    OPENED.append(estate)
    ours = foreign = await estate.workspaces.default()
    if is_first:
        foreign = await estate.workspaces.create("Foreign", "foreign")
    ground = Ground(opened, estate, ours, foreign, WatchedFront(opened.house, estate=estate))
    if not is_first:
        return ground
    for role in ROLES:
        _, ground.keys[role] = await estate.keys.create(ours.id, role, 90, name=role)
    _, ground.foreign_key = await estate.keys.create(foreign.id, "owner", 90)
    return ground
