"""What every store promises of sessions as a list (ports/conversations.py)."""

from __future__ import annotations

from typing import Any

from parley.domain.ids import EnvironmentAlias, ProjectID
from parley.domain.state import Contact
from parley.ports.conversations import Wanted

from .nouns import session

SHOP = (ProjectID("shop"),)


async def fill(store: Any) -> list[str]:
    made = []
    for n in range(6):
        each = session(f"{n:024x}", user=f"user {n}")
        each.contact = Contact("voice" if n % 2 else "web", entity="ada" if n < 3 else None)
        each.ended = "hangup" if n >= 4 else None
        await store.create(each)
        made.append(each.id)
    return made


async def ids(store: Any, **asked: Any) -> list[str]:
    more = {name: asked.pop(name) for name in ("at_most", "skipped") if name in asked}
    wanted = Wanted(asked.pop("projects", SHOP), **asked)
    found = await store.conversations.list(wanted, **more)
    if not more:
        assert await store.conversations.count(wanted) == len(found)
    return [each.id[-1] for each in found]


async def test_sessions_are_listed_newest_first_by_what_is_wanted(store: Any) -> None:
    await fill(store)
    assert await ids(store) == list("543210")
    assert await ids(store, is_live=True) == list("3210")
    assert await ids(store, is_live=False) == list("54")
    assert await ids(store, channel="voice") == list("531")
    assert await ids(store, channel="web", is_live=True) == list("20")
    assert await ids(store, entity="ada") == list("210")
    assert await ids(store, projects=()) == []
    assert await ids(store, projects=(ProjectID("bank"),)) == []


async def test_pages_follow_one_another(store: Any) -> None:
    await fill(store)
    assert await ids(store, at_most=2) == list("54")
    assert await ids(store, at_most=2, skipped=2) == list("32")
    assert await ids(store, at_most=9, skipped=5) == list("0")


async def test_what_is_listed_is_what_was_saved(store: Any) -> None:
    await fill(store)
    (newest,) = await store.conversations.list(Wanted(SHOP), at_most=1)
    assert newest == await store.load(newest.id)
    assert newest.environment == EnvironmentAlias("production")


async def test_sessions_are_found_by_environment_draft_and_time(store: Any) -> None:
    for n in range(4):
        each = session(f"{n:024x}", user=f"user {n}")
        each.created_at = 1_000 + n
        each.environment = EnvironmentAlias("main" if n < 3 else "canary")
        each.contact = Contact(is_draft=n == 1)
        await store.create(each)
    assert await ids(store, environment="main") == list("210")
    assert await ids(store, environment="canary") == list("3")
    assert await ids(store, is_draft=True) == list("1")
    assert await ids(store, is_draft=False, environment="main") == list("20")
    assert await ids(store, session=f"{2:024x}") == list("2")
    assert await ids(store, session=f"{2:024x}", environment="canary") == []
    assert await ids(store, since=1_001, until=1_002) == list("21")
