"""What every store promises of sessions as a list (ports/conversations.py)."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from parley.domain.ids import EnvironmentAlias, ProjectID
from parley.domain.state import Contact
from parley.domain.transcript_property import GIVEN, PROPERTIES, Filter, Given
from parley.ports.conversations import Wanted
from parley.ports.records import Record

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
    assert await ids(store, user="user 3") == list("3")
    assert await ids(store, user="user") == []
    assert await ids(store, entity="ada") == list("210")
    assert await ids(store, endings=("hangup", "closed")) == list("54")
    assert await ids(store, endings=("closed",)) == await ids(store, endings=()) == []
    assert await ids(store, other_endings=("closed",)) == list("54")
    assert await ids(store, other_endings=("hangup",)) == []
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


async def mark(store: Any, session: str, **values: str) -> None:
    given = {property: Given(value, 1) for property, value in values.items()}
    await store.records.add(Record(GIVEN, session, msgspec.json.encode(given)))


async def marked(store: Any) -> list[str]:
    """Sessions 0 to 5. The agent set `topic` of 1 to 4; somebody gave 3 another topic, and 4 and 5 a score."""
    made = []
    topics = {1: "Bills", 2: 'say "hi"', 3: "bills", 4: 2.0}
    for n in range(6):
        each = session(f"{n:024x}", user=f"user {n}")
        each.storage = {PROPERTIES: {"the topic": topics[n]}} if n in topics else {}
        await store.create(each)
        made.append(each.id)
    await mark(store, made[3], p1="tea")
    await mark(store, made[4], p2="7")
    await mark(store, made[5], p2="8.5")
    return made


TOPIC = partial(Filter, "p1", name="the topic")
SCORE = partial(Filter, "p2")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([TOPIC("exists")], "4321"),
        ([TOPIC("not_exists")], "50"),
        ([TOPIC("eq", "Bills")], "1"),
        ([TOPIC("eq", "tea")], "3"),
        ([TOPIC("neq", "tea")], "54210"),
        ([TOPIC("contains", "BILLS")], "1"),
        ([TOPIC("in", ['say "hi"', 2])], "42"),
        ([TOPIC("eq", "2.0")], "4"),
        ([SCORE("gt", 7)], "5"),
        ([SCORE("between", [7, 8])], "4"),
        ([SCORE("exists"), TOPIC("not_exists")], "5"),
        ([Filter("p3", "exists", name="'\"$.x")], ""),
    ],
)
async def test_sessions_are_found_by_what_they_are_marked_with(store: Any, filters: list[Filter], found: str) -> None:
    await marked(store)
    assert await ids(store, filters=tuple(filters)) == list(found)


async def test_marks_are_asked_for_together_with_all_else_and_in_pages(store: Any) -> None:
    made = await marked(store)
    exists = (TOPIC("exists"),)
    assert await ids(store, filters=exists, at_most=2) == list("43")
    assert await ids(store, filters=exists, at_most=2, skipped=2) == list("21")
    assert await ids(store, filters=exists, session=made[2]) == list("2")
    assert await ids(store, filters=exists, projects=(ProjectID("bank"),)) == []
    assert await ids(store, filters=exists, is_live=False) == []


async def test_a_mark_is_found_however_many_sessions_came_after_it(store: Any) -> None:
    made = await marked(store)
    for n in range(6, 600):
        store.create(session(f"{n:024x}", user=f"user {n}"))
    (found,) = await store.conversations.list(Wanted(SHOP, filters=(TOPIC("eq", "Bills"),)), at_most=1)
    assert found.id == made[1]
