"""Who owns what: workspaces, keys with roles, entities by every name they have."""

from __future__ import annotations

import asyncio
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.backends.clock import StillClock
from parley.backends.store.memory_records import MemoryRecords
from parley.domain.conversation_names import call_of, conversation_of, session_of_call, session_of_conversation
from parley.domain.ids import ProjectID, SessionID
from parley.domain.workspace import ROLES, WorkspaceID, is_at_least
from parley.errors import Conflict, NotAllowed, NotFound, Taken
from parley.workspaces.entities import Entities
from parley.workspaces.keys import DAY_MS, WorkspaceKeys
from parley.workspaces.registry import Workspaces

ACME = WorkspaceID("acme")


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


@given(st.text("0123456789abcdef", min_size=24, max_size=24))
def test_a_session_has_a_conversation_and_a_call_for_a_name(id: str) -> None:
    session = SessionID(id)
    assert uuid.UUID(conversation_of(session)).version == 8
    assert session_of_conversation(conversation_of(session).upper()) == session
    assert re.fullmatch("CA[0-9a-fA-F]{32}", call_of(session))
    assert session_of_call(call_of(session)) == session


@pytest.mark.parametrize(
    "foreign", [str(uuid.UUID(int=1)), "1f734c35-44b1-4b9f-a42d-6a89bb12fce2", "", "x", "CA" + "1" * 32]
)
def test_a_foreign_name_names_no_session(foreign: str) -> None:
    assert session_of_conversation(foreign) is None
    assert session_of_call(foreign) is None


async def test_there_is_one_default_workspace_however_many_ask(records: MemoryRecords, clock: StillClock) -> None:
    workspaces = Workspaces(records, clock)
    preset = str(uuid.uuid4())
    found = await asyncio.gather(*(workspaces.default(preset) for _ in range(5)))
    assert {workspace.id for workspace in found} == {preset}
    assert (await workspaces.default(str(uuid.uuid4()))).id == preset


async def test_a_project_belongs_to_who_claims_it_and_else_to_the_default(
    records: MemoryRecords, clock: StillClock
) -> None:
    workspaces = Workspaces(records, clock)
    default, shop = await workspaces.default(), await workspaces.create("Shop", "shop")
    desk = ProjectID("desk")
    assert await workspaces.owner_of(desk) == default
    assert await workspaces.owns(default, desk)
    shop = await workspaces.claim(shop.id, [desk])
    assert await workspaces.owner_of(desk) == shop
    assert await workspaces.owns(shop, desk)
    assert not await workspaces.owns(default, desk)
    with pytest.raises(Conflict):
        await workspaces.claim((await workspaces.create("Bank", "bank")).id, [desk])
    with pytest.raises(Conflict):
        await workspaces.create("Another shop", "shop")
    with pytest.raises(NotFound):
        await workspaces.get(WorkspaceID("nobody"))


async def test_a_key_opens_until_it_is_rotated_revoked_or_over(records: MemoryRecords, clock: StillClock) -> None:
    keys = WorkspaceKeys(records, clock)
    key, plain = await keys.create(ACME, "admin", 2, name="desk")
    assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", plain)
    assert await keys.open(f"Bearer {plain}") == key
    rotated, fresh = await keys.rotate(ACME, key.id, 1)
    assert await keys.open(fresh) == rotated
    for dead in (plain, "", None, "Bearer", "pk_nonsense"):
        with pytest.raises(NotAllowed):
            await keys.open(dead)
    await clock.advance(DAY_MS / 1000)
    with pytest.raises(NotAllowed, match="expired"):
        await keys.open(fresh)
    await keys.revoke(ACME, key.id)
    with pytest.raises(NotFound):
        await keys.get(ACME, key.id)


async def test_a_key_of_another_workspace_is_not_found(records: MemoryRecords, clock: StillClock) -> None:
    keys = WorkspaceKeys(records, clock)
    key, plain = await keys.create(ACME, "owner", 1)
    for tried in (keys.get, keys.revoke):
        with pytest.raises(NotFound):
            await tried(WorkspaceID("other"), key.id)
    assert await keys.list(WorkspaceID("other")) == []
    assert [each.id for each in await keys.list(ACME)] == [key.id]
    assert plain not in repr(await keys.list(ACME))


def test_roles_may_do_what_lesser_ones_may() -> None:
    assert [[is_at_least(mine, wanted) for wanted in ROLES] for mine in ROLES] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


async def test_an_entity_is_known_by_all_its_names(records: MemoryRecords, clock: StillClock) -> None:
    entities = Entities(records, clock)
    made, is_new = await entities.put(
        ACME, "crm:Patient:1", {"phone": "+15550100", "email": "Ada@x.org", "external_ids": {"ehr": "7"}}
    )
    assert is_new
    assert made.entity_type == "patient"
    for found in (
        entities.get(ACME, made.id),
        entities.of_canonical(ACME, "crm:Patient:1"),
        entities.known_by(ACME, phone="+15550100"),
        entities.known_by(ACME, email="ada@X.org"),
        entities.known_by(ACME, external=("ehr", "7")),
    ):
        assert await found == made
    with pytest.raises(NotFound):
        await entities.of_canonical(WorkspaceID("other"), "crm:Patient:1")
    with pytest.raises(NotFound):
        await entities.get(WorkspaceID("other"), made.id)


async def test_putting_an_entity_again_adds_to_what_is_known(records: MemoryRecords, clock: StillClock) -> None:
    entities = Entities(records, clock)
    made, _ = await entities.put(ACME, "crm:Patient:1", {"state": {"a": 1, "b": 2}, "phone": "+15550100"})
    changed, is_new = await entities.put(ACME, "crm:Patient:1", {"state": {"b": 3}, "phone": "+15550101"})
    assert not is_new
    assert (changed.id, changed.state, changed.phone) == (made.id, {"a": 1, "b": 3}, "+15550101")
    with pytest.raises(NotFound):
        await entities.known_by(ACME, phone="+15550100")
    with pytest.raises(Taken, match="Another entity has this phone number"):
        await entities.put(ACME, "crm:Patient:3", {"phone": "+15550101"})
    await entities.put(ACME, "crm:Patient:2", {"phone": "+15550100"})
    with pytest.raises(Conflict):
        await entities.put(ACME, "crm:Patient:1", {"phone": "+15550100"})


async def test_many_that_put_one_entity_at_once_make_one(records: MemoryRecords, clock: StillClock) -> None:
    entities = Entities(records, clock)
    put = await asyncio.gather(*(entities.put(ACME, "crm:Patient:1", {"state": {str(n): n}}) for n in range(5)))
    assert len({entity.id for entity, _ in put}) == 1
    assert sum(is_new for _, is_new in put) == 1
    assert (await entities.of_canonical(ACME, "crm:Patient:1")).state == {str(n): n for n in range(5)}
