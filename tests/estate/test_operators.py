"""Operators, escalations and the audit trail as they are kept."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from parley.backends.clock import StillClock
from parley.backends.store.memory_records import MemoryRecords
from parley.domain.workspace import WorkspaceID, WorkspaceKey
from parley.errors import Conflict, NotFound, Taken
from parley.workspaces.audit import KIND, Audit
from parley.workspaces.escalations import Escalations
from parley.workspaces.operators import Operators

ACME, OTHER = WorkspaceID("acme"), WorkspaceID("other")
KEY = WorkspaceKey("key-1", ACME, "", "admin", 0, 0)


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


async def test_an_operator_is_in_one_conversation_at_a_time(records: MemoryRecords, clock: StillClock) -> None:
    operators = Operators(records, clock)
    ann = await operators.register(ACME, "Ann", "ann@x.org", "key-1")
    assert ann.status == "offline"
    await operators.join(ACME, ann.id, "s1", "listen")
    switched = await operators.switch(ACME, ann.id, "s1", "takeover")
    assert (switched.status, switched.call, switched.mode) == ("busy", "s1", "takeover")
    for session in ("s1", "s2"):
        with pytest.raises(Conflict, match="already on a call"):
            await operators.join(ACME, ann.id, session, "listen")
    assert await operators.leave(ACME, ann.id, "s2") == switched
    left = await operators.leave(ACME, ann.id, "s1")
    assert (left.status, left.call, left.last_call_at) == ("online", None, clock.now_ms())
    assert await operators.leave(ACME, ann.id, "s1") == left


async def test_what_is_changed_at_once_is_all_kept(records: MemoryRecords, clock: StillClock) -> None:
    operators = Operators(records, clock)
    ann = await operators.register(ACME, "Ann", "ann@x.org", "key-1")
    changes = [operators.change(ACME, ann.id, name="Anna"), operators.change(ACME, ann.id, skills=("french",))]
    await asyncio.gather(*changes, operators.join(ACME, ann.id, "s1", "listen"))
    kept = await operators.get(ACME, ann.id)
    assert (kept.name, kept.skills, kept.call) == ("Anna", ("french",), "s1")


async def test_an_address_belongs_to_one_operator_of_a_workspace(records: MemoryRecords, clock: StillClock) -> None:
    operators = Operators(records, clock)
    ann = await operators.register(ACME, "Ann", "ann@x.org", "key-1")
    with pytest.raises(Taken):
        await operators.register(ACME, "Anna", "ANN@x.org", "key-1")
    await operators.register(OTHER, "Ann", "ann@x.org", "key-2")
    for id, workspace in ((ann.id, OTHER), ("nobody", ACME)):
        with pytest.raises(NotFound):
            await operators.get(workspace, id)


async def test_a_session_has_one_open_escalation(records: MemoryRecords, clock: StillClock) -> None:
    escalations = Escalations(records, clock)
    asked = await asyncio.gather(*(escalations.request(ACME, "s1", "angry", "ai") for _ in range(4)))
    assert sum(is_new for _, is_new in asked) == 1
    assert len({escalation.id for escalation, _ in asked}) == 1
    connected = await escalations.connect("s1", "ann")
    assert connected is not None
    assert (connected.status, connected.operator) == ("connected", "ann")
    assert await escalations.connect("s1", "ann") is None
    await clock.advance(7)
    await escalations.hand_back("s1")
    await clock.advance(100)
    await escalations.connect("s1", "bob")
    await clock.advance(3)
    done = await escalations.complete("s1")
    assert done is not None
    assert (done.status, done.handle_ms) == ("completed", 10_000)
    assert (done.handled_by("ann"), done.handled_by("bob"), done.handled_by("cid")) == (7_000, 3_000, None)
    assert await escalations.complete("s1") is None
    assert [each.is_active for each in await escalations.list(ACME)] == [False]
    await clock.advance(1)
    again, is_new = await escalations.request(ACME, "s1", "angry again", "caller")
    assert is_new
    assert [each.id for each in await escalations.list(ACME)] == [again.id, done.id]


async def test_the_trail_shows_who_did_what_and_shows_when_it_was_touched(
    records: MemoryRecords, clock: StillClock
) -> None:
    audit = Audit(records, clock)
    await asyncio.gather(*(audit.note(KEY, "operator.joined_call", {"operator_id": str(n)}) for n in range(5)))
    await audit.note(replace(KEY, workspace=OTHER), "operator.joined_call", {})
    assert len(await audit.verify(ACME)) == 5
    assert [e.data for e in await audit.list(ACME, operator="3")] == [{"operator_id": "3"}]
    assert len(await audit.list(ACME, at_most=2, skipped=4)) == 1
    assert await audit.list(ACME, type="operator.left_call") == []
    record = (await records.list(KIND, ACME))[2]
    entry = msgspec.json.decode(record.data)
    forged = msgspec.json.encode({**entry, "by": "somebody else"})
    await records.save(replace(record, data=forged, revision=record.revision + 1))
    with pytest.raises(Conflict, match=r"entry 3 \(operator.joined_call, .*\) was changed"):
        await audit.verify(ACME)


async def test_a_trail_with_a_hole_is_broken(records: MemoryRecords, clock: StillClock) -> None:
    audit = Audit(records, clock)
    for n in range(3):
        await audit.note(KEY, "x", {"n": n})
    await records.remove(KIND, (await records.list(KIND, ACME))[1].id)
    with pytest.raises(Conflict, match="entry 2 is missing"):
        await audit.verify(ACME)


async def test_who_looks_again_and_again_is_noted_once_a_minute(records: MemoryRecords, clock: StillClock) -> None:
    audit = Audit(records, clock)
    other = replace(KEY, id="key-2")
    for key, session in ((KEY, "s1"), (KEY, "s1"), (KEY, "s2"), (other, "s1")):
        await audit.note_look(key, "looked", {"session_id": session})
    await clock.advance(59)
    await audit.note_look(KEY, "looked", {"session_id": "s1"})
    assert len(await audit.list(ACME)) == 3
    await clock.advance(1)
    await audit.note_look(KEY, "looked", {"session_id": "s1"})
    assert [(e.by, e.data["session_id"]) for e in await audit.list(ACME)] == [
        *(("key-1", "s1"), ("key-2", "s1"), ("key-1", "s2"), ("key-1", "s1")),
    ]
