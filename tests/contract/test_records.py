"""What every store's records promise (ports/records.py)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.backends.clock import StillClock
from parley.backends.store.memory_records import MemoryRecords
from parley.backends.store.sqlite import SqliteStore
from parley.errors import Conflict, InvalidInput
from parley.ports.records import Page, Record


def record(id: str, *aliases: str, scope: str = "acme", place: int = 0, data: bytes = b"{}") -> Record:
    return Record("key", id, data, scope, tuple(sorted(aliases)), place)


async def test_a_record_is_found_by_its_id_and_by_each_alias(store: Any) -> None:
    kept = record("a", "one", "two", data=b"\x00\xff")
    await store.records.add(kept)
    assert await store.records.get("key", "a") == kept
    assert await store.records.find("key", "one") == kept == await store.records.find("key", "two")
    assert await store.records.get("door", "a") is None
    assert await store.records.find("key", "three") is None


async def test_an_id_and_an_alias_are_given_once(store: Any) -> None:
    await store.records.add(record("a", "one"))
    for other in (record("a"), record("b", "one"), record("b", "two", "one")):
        with pytest.raises(Conflict):
            await store.records.add(other)
    assert await store.records.count("key", "acme") == 1
    assert await store.records.find("key", "two") is None
    await store.records.add(Record("door", "a", b"", aliases=("one",)))


async def test_of_two_that_claim_one_alias_at_once_one_gets_it(store: Any) -> None:
    said = await asyncio.gather(*(store.records.add(record(str(n), "first")) for n in range(8)), return_exceptions=True)
    assert sum(each is None for each in said) == 1
    assert all(isinstance(each, Conflict) for each in said if each is not None)


async def test_a_save_replaces_data_and_aliases_and_needs_the_next_revision(store: Any) -> None:
    await store.records.add(record("a", "one", "two"))
    changed = replace(record("a", "two", "three", scope="other", place=5, data=b"new"), revision=2)
    await store.records.save(changed)
    assert await store.records.get("key", "a") == changed
    assert await store.records.find("key", "one") is None
    with pytest.raises(Conflict):
        await store.records.save(changed)
    with pytest.raises(Conflict):
        await store.records.save(replace(record("nobody"), revision=2))
    await store.records.add(record("b", "one"))
    with pytest.raises(Conflict):
        await store.records.save(replace(changed, aliases=("one",), revision=3))
    assert await store.records.get("key", "a") == changed
    assert await store.records.find("key", "two") == changed


async def test_lists_go_by_place_and_then_id_page_by_page(store: Any) -> None:
    for id, place in (("c", 1), ("a", 2), ("b", 1), ("d", 3), ("e", 3)):
        await store.records.add(record(id, place=place))
    await store.records.add(record("x", scope="other", place=2))
    for newest, expected in ((False, "bcade"), (True, "edacb")):
        seen, after = "", None
        while page := await store.records.list("key", "acme", after=after, at_most=2, newest=newest):
            seen += "".join(each.id for each in page)
            after = Page(page[-1].place, page[-1].id)
        assert seen == expected
    assert [each.id for each in await store.records.list("key", None)] == list("bcaxde")
    assert [each.id for each in await store.records.list("key", None, newest=True, at_most=3)] == list("edx")
    assert (await store.records.count("key", "acme"), await store.records.count("key", None)) == (5, 6)


async def test_what_is_removed_leaves_its_aliases_free(store: Any) -> None:
    await store.records.add(record("a", "one"))
    assert await store.records.remove("key", "a") is True
    assert await store.records.remove("key", "a") is False
    await store.records.add(record("b", "one"))
    assert (await store.records.find("key", "one")).id == "b"


async def test_names_that_no_database_holds_are_refused(store: Any) -> None:
    for bad in ("a\0b", "\ud800"):
        with pytest.raises(InvalidInput):
            await store.records.add(record(bad))
        with pytest.raises(InvalidInput):
            await store.records.add(record("a", bad))


async def test_records_outlive_the_process(reopen: Any) -> None:
    await (await reopen()).records.add(record("a", "one"))
    store = await reopen()
    assert await store.records.find("key", "one") == record("a", "one")


OPERATION = st.tuples(
    st.sampled_from(["add", "save", "remove"]),
    st.sampled_from("abc"),
    st.lists(st.sampled_from(["one", "two", "three"]), max_size=2, unique=True),
    st.sampled_from(["", "acme"]),
    st.integers(0, 3),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPERATION, max_size=12))
async def test_all_backends_do_the_same(tmp_path_factory: pytest.TempPathFactory, operations: list[Any]) -> None:
    memory = MemoryRecords()
    store = SqliteStore(tmp_path_factory.mktemp("records") / "data.db", clock=StillClock(now_ms=0))
    await store.open()
    try:
        for operation in operations:
            outcomes = [await _done(records, operation) for records in (memory, store.records)]
            assert outcomes[0] == outcomes[1]
            for scope in (None, "", "acme"):
                assert list(await memory.list("key", scope)) == list(await store.records.list("key", scope))
    finally:
        await store.close()


async def _done(records: Any, operation: Any) -> Any:
    verb, id, aliases, scope, place = operation
    known = await records.get("key", id)
    try:
        if verb == "remove":
            return await records.remove("key", id)
        revision = 1 if known is None or verb == "add" else known.revision + 1
        made = Record("key", id, b"", scope, tuple(sorted(aliases)), place, revision)
        await (records.add(made) if verb == "add" else records.save(made))
    except Conflict as refused:
        return type(refused)
    return None
