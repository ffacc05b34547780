"""Programs of agents in this process' memory."""

from __future__ import annotations

from parley.domain.ids import VersionID


class MemoryVersions:
    """Versions, in a dict."""

    def __init__(self) -> None:
        self._programs: dict[str, bytes] = {}

    async def save(self, version: VersionID, program: bytes) -> None:
        """See `Versions.save`."""
        self._programs.setdefault(version, bytes(program))

    async def load(self, version: VersionID) -> bytes | None:
        """See `Versions.load`."""
        return self._programs.get(version)
