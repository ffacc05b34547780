"""A turn that is over leaves nothing behind that only the collector of cycles could find.

What it left would be paid for by every turn: collections grow with what they have to look at.
"""

from __future__ import annotations

import gc

from house_fixture import PROJECT, open_house
from parley.domain.actions import parse_action
from parley.domain.ids import ProjectID, UserID
from parley.session.handle import Post, SessionHandle
from parley.session.outbox import Portion

TURNS = 20


async def talk(session: SessionHandle) -> None:
    """Several turns, each read to its end."""
    for n in range(TURNS):
        answer = await session.post(Post(parse_action({"type": "text", "payload": f"number {n}"})))
        answer.watch(lambda answer=answer: answer.turn)
        async for _ in answer.read():
            pass


async def test_turns_leave_no_cycles() -> None:
    heard: list[Portion] = []
    opened = await open_house()
    shop = opened.house.catalog.project(ProjectID(PROJECT))
    session = await opened.house.directory.create(shop.id, UserID("ada"), shop.environments[0])
    session.follow(heard.append)
    await talk(session)
    gc.collect()
    gc.disable()
    try:
        await talk(session)
        assert gc.collect() < TURNS, "something is left of each turn"
    finally:
        gc.enable()
    assert len(heard) >= 2 * TURNS
