"""Small records that change seldom: what a workspace owns, from keys and operators to its audit trail.

A record belongs to a kind and, within it, to a scope (a workspace's id, or "" for what stands alone). It is found by
its id, and by aliases, each of which one record of the kind has at most. Order: as the store's; a list goes by `place`,
then by id. Atomicity: each call is all or nothing, so of two that claim one alias one fails. Durability and errors: as
the store's; all verbs raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Record(Struct, frozen=True):
    """One record. `place` says where it is listed, for example its time. `revision` counts its saves, from 1.

    `data` is opaque here.
    """

    kind: str
    id: str
    data: bytes
    scope: str = ""
    aliases: tuple[str, ...] = ()
    place: int = 0
    revision: int = 1


class Page(Struct, frozen=True):
    """Where a list begins: after the record of this place and id."""

    place: int
    id: str


class Records(Protocol):
    """Records by kind."""

    async def add(self, record: Record) -> None:
        """Keep a new record. Raises `Taken` when its id or one of its aliases is taken."""
        ...

    async def save(self, record: Record) -> None:
        """Put a record in place of the one before, whose `revision` is one less.

        Raises `Conflict` when that is not so, `Taken` when an alias is.
        """
        ...

    async def get(self, kind: str, id: str) -> Record | None:
        """The record of this id."""
        ...

    async def find(self, kind: str, alias: str) -> Record | None:
        """The record that has this alias."""
        ...

    async def list(
        self, kind: str, scope: str | None, *, after: Page | None = None, at_most: int = 100, newest: bool = False
    ) -> Sequence[Record]:
        """The records of a scope (None: of every scope), in order of place; `newest`: in reverse."""
        ...

    async def count(self, kind: str, scope: str | None) -> int:
        """How many there are."""
        ...

    async def remove(self, kind: str, id: str) -> bool:
        """Delete a record; False when there is none."""
        ...
