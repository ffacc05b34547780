"""Commands that work on a data file, also while a server uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Column, Table

from parley.app import Backend, copy_data, copy_files, directory_of_files, now_ms, open_store
from parley.config import MEMORY
from parley.errors import BadProject, StoreUnavailable
from parley.session.access import create_key

T = TypeVar("T")


def create_api_key(data: str, project: str | None, label: str) -> None:
    """Make a key and print it."""

    async def create(store: Backend) -> str:
        return await create_key(store.keyring, now_ms(), label=label, project=project)

    key = with_store(data, create)
    Console(highlight=False, soft_wrap=True).print(key, markup=False)


def list_api_keys(data: str) -> None:
    """Print the keys without their secrets."""

    async def find(store: Backend) -> Table:
        table = Table(Column("id", no_wrap=True, min_width=24), "project", "label", "created", "revoked", box=None)
        for key in await store.keyring.list():
            table.add_row(key.id, key.project or "all", key.label, _day(key.created_at), _day(key.revoked_at))
        return table

    Console().print(with_store(data, find))


def revoke_api_key(data: str, id: str) -> int:
    """Revoke a key; 1 when there is none of this id."""

    async def revoke(store: Backend) -> bool:
        return await store.keyring.revoke(id, now_ms())

    revoked = with_store(data, revoke)
    Console(highlight=False).print(f"Revoked {id}." if revoked else f"There is no valid key with the id {id}.")
    return 0 if revoked else 1


def back_up(data: str, into: Path, files: str | None) -> None:
    """Copy the data file as it is at one moment, then users' files: those that the copied data names are among them."""
    files_into = directory_of_files(into, None)
    for target in (into, files_into):
        if target.exists():
            raise BadProject(f"{target} exists already; a backup overwrites nothing.")
    with_store(data, lambda store: copy_data(store, into))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{into}: {into.stat().st_size:,} bytes", markup=False)
    try:
        count = asyncio.run(copy_files(directory_of_files(Path(data), files), files_into))
    except BadProject as elsewhere:
        console.print(f"{elsewhere.message} Copy them with the tools of that store.", markup=False)
        return
    if count:
        console.print(f"{files_into}: {count} files", markup=False)


def with_store(data: str, use: Callable[[Backend], Awaitable[T]]) -> T:
    """What `use` makes of the store in a data file, which a server may be using.

    Raises `BadProject` and `StoreUnavailable` with one clear line.
    """
    if data == MEMORY:
        raise BadProject("Nothing is kept in :memory:. Name the data file that the server uses: --data FILE.")
    if not Path(data).expanduser().exists():
        raise StoreUnavailable(f"{data} does not exist. Name the data file that the server uses: --data FILE.")

    async def run() -> T:
        store = await open_store(data, exclusive=False)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(run())


def _day(ms: int | None) -> str:
    return "" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
