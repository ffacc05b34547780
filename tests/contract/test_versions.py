"""What every store's versions promise (ports/versions.py)."""

from __future__ import annotations

from typing import Any

from parley.domain.ids import VersionID

V1 = VersionID("v1")


async def test_a_program_is_kept_and_never_changed(store: Any) -> None:
    assert await store.versions.load(V1) is None
    await store.versions.save(V1, b"\0\xffprogram")
    await store.versions.save(V1, b"another")
    assert await store.versions.load(V1) == b"\0\xffprogram"


async def test_a_large_program_is_kept(store: Any) -> None:
    await store.versions.save(V1, b"x" * 3_000_000)
    assert len(await store.versions.load(V1)) == 3_000_000


async def test_programs_outlive_the_process(reopen: Any) -> None:
    await (await reopen()).versions.save(V1, b"program")
    assert await (await reopen()).versions.load(V1) == b"program"
