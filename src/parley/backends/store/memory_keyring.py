"""API keys and secrets in this process' memory."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from parley.ports.keyring import KeyRecord


class MemoryKeyring:
    """Keyring, in two dicts."""

    def __init__(self) -> None:
        self._keys: dict[str, KeyRecord] = {}
        self._secrets: dict[str, str] = {}

    async def add(self, key: KeyRecord) -> None:
        """See `Keyring.add`."""
        self._keys.pop(key.digest, None)
        self._keys[key.digest] = key

    async def find(self, digest: str) -> KeyRecord | None:
        """See `Keyring.find`."""
        key = self._keys.get(digest)
        return None if key is None or key.revoked_at is not None else key

    async def list(self) -> Sequence[KeyRecord]:
        """See `Keyring.list`."""
        return sorted(self._keys.values(), key=lambda key: key.created_at)

    async def revoke(self, id: str, at_ms: int) -> bool:
        """See `Keyring.revoke`."""
        valid = [key for key in self._keys.values() if key.id == id and key.revoked_at is None]
        for key in valid:
            self._keys[key.digest] = replace(key, revoked_at=at_ms)
        return bool(valid)

    async def secret(self, name: str, fresh: str) -> str:
        """See `Keyring.secret`."""
        return self._secrets.setdefault(name, fresh)
