"""The versions of agents that sessions run on: kept under the hash of their content, never changed."""

from __future__ import annotations

from typing import Protocol

from parley.domain.ids import VersionID


class Versions(Protocol):
    """Encoded programs by version."""

    async def save(self, version: VersionID, program: bytes) -> None:
        """Keep a program. Saving one that is already there changes nothing."""
        ...

    async def load(self, version: VersionID) -> bytes | None:
        """The program as saved, None if there is none."""
        ...
