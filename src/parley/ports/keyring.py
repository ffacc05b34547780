"""API keys and the secret that signs session keys. Only hashes of API keys are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class KeyRecord(Struct, frozen=True):
    """An API key as it is kept. `project` None: good for every project. Times are milliseconds since 1970."""

    id: str
    digest: str
    label: str
    project: str | None
    created_at: int
    revoked_at: int | None = None


class Keyring(Protocol):
    """Keys by the SHA-256 of their plaintext, hexadecimal."""

    async def add(self, key: KeyRecord) -> None:
        """Keep a key. Adding one whose digest is there already replaces it."""
        ...

    async def find(self, digest: str) -> KeyRecord | None:
        """The key with this digest that has not been revoked."""
        ...

    async def list(self) -> Sequence[KeyRecord]:
        """All keys, oldest first, revoked ones too."""
        ...

    async def revoke(self, id: str, at_ms: int) -> bool:
        """Revoke the key with this id; False when there is none that is valid."""
        ...

    async def secret(self, name: str, fresh: str) -> str:
        """The secret under this name; `fresh` becomes it when there is none yet."""
        ...
