"""What every store's keyring promises (ports/keyring.py)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from parley.ports.keyring import KeyRecord

KEY = KeyRecord(id="k1", digest="d1", label="Zoë's laptop", project=None, created_at=2)


async def test_a_key_is_found_by_its_digest(store: Any) -> None:
    await store.keyring.add(KEY)
    assert await store.keyring.find("d1") == KEY
    assert await store.keyring.find("d2") is None


async def test_a_revoked_key_is_listed_but_not_found(store: Any) -> None:
    await store.keyring.add(KEY)
    assert await store.keyring.revoke("k1", 9) is True
    assert await store.keyring.revoke("k1", 10) is False
    assert await store.keyring.revoke("unknown", 10) is False
    assert await store.keyring.find("d1") is None
    assert list(await store.keyring.list()) == [replace(KEY, revoked_at=9)]


async def test_keys_are_listed_oldest_first(store: Any) -> None:
    for n in (3, 1, 2):
        await store.keyring.add(KeyRecord(f"k{n}", f"d{n}", "", "shop", n))
    assert [key.id for key in await store.keyring.list()] == ["k1", "k2", "k3"]


async def test_adding_a_digest_again_replaces_its_key(store: Any) -> None:
    await store.keyring.add(KEY)
    await store.keyring.revoke("k1", 9)
    await store.keyring.add(replace(KEY, id="k2"))
    assert (await store.keyring.find("d1")).id == "k2"
    assert len(await store.keyring.list()) == 1


async def test_the_first_secret_stays(store: Any) -> None:
    assert await store.keyring.secret("session", "one") == "one"
    assert await store.keyring.secret("session", "two") == "one"
    assert await store.keyring.secret("other", "two") == "two"


async def test_keys_and_secrets_outlive_the_process(reopen: Any) -> None:
    store = await reopen()
    await store.keyring.add(KEY)
    await store.keyring.secret("session", "one")
    store = await reopen()
    assert await store.keyring.find("d1") == KEY
    assert await store.keyring.secret("session", "two") == "one"
