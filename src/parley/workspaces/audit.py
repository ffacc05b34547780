"""The audit trail of a workspace: who did what to which conversation; looking is doing (platform API, section 5).

Entries are chained by digest. Each is added under a number that one entry can have, so that no two follow the same one.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.operator import AuditEntry
from parley.domain.workspace import WorkspaceID, WorkspaceKey
from parley.errors import Conflict, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "audit"
SERVER = "parley"
"""Who did what nobody's key asked for, such as ending a lease that ran out."""
LOOK_MS = 60_000
LOOKS = 10_000
"""How many looks are remembered."""
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(AuditEntry).decode


class Verified(Struct, frozen=True):
    """A whole trail: the digest of each entry, oldest first. Who has kept one can tell whether the trail ends early."""

    digests: Sequence[str]

    def __len__(self) -> int:
        return len(self.digests)


class Audit:
    """Adds entries and reads them; changes none."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._adding = asyncio.Lock()
        self._looks: dict[tuple[str, str, str], int] = {}
        """When somebody was last noted to look at something, longest ago first."""

    async def note(self, key: WorkspaceKey, type: str, data: dict[str, Any]) -> AuditEntry:
        """Somebody with this key did something. Durable when it returns."""
        return await self._add(key.workspace, key.id, type, data)

    async def note_own(self, workspace: WorkspaceID, type: str, data: dict[str, Any]) -> AuditEntry:
        """The server did something of itself."""
        return await self._add(workspace, SERVER, type, data)

    async def _add(self, workspace: WorkspaceID, by: str, type: str, data: dict[str, Any]) -> AuditEntry:
        entry = AuditEntry(str(uuid.uuid4()), workspace, type, self._clock.now_ms(), by, data)
        async with self._adding:
            while True:
                last = await self._last(workspace)
                number, before = (0, "") if last is None else (last.place, _decode(last.data).digest)
                chained = replace(entry, digest=_digest(before, entry))
                alias = f"{workspace} {number + 1}"
                try:
                    await self._records.add(Record(KIND, chained.id, _encode(chained), workspace, (alias,), number + 1))
                except Taken:
                    continue  # another process was first
                return chained

    async def list(
        self,
        workspace: WorkspaceID,
        *,
        operator: str | None = None,
        type: str | None = None,
        at_most: int = 100,
        skipped: int = 0,
    ) -> Sequence[AuditEntry]:
        """Entries, newest first; of one operator or of one type."""
        found: list[AuditEntry] = []
        after: Page | None = None
        while len(found) < skipped + at_most:
            page = await self._records.list(KIND, workspace, after=after, at_most=500, newest=True)
            if not page:
                break
            entries = (_decode(record.data) for record in page)
            found += [e for e in entries if type in (None, e.type) and operator in (None, e.data.get("operator_id"))]
            after = Page(page[-1].place, page[-1].id)
        return found[skipped : skipped + at_most]

    async def note_look(self, key: WorkspaceKey, type: str, data: dict[str, Any]) -> None:
        """Somebody with this key looked; who looks again and again at one thing is noted once a minute."""
        now, look = self._clock.now_ms(), (key.id, type, str(data.get("session_id", "")))
        if self._looks.get(look, now - LOOK_MS) > now - LOOK_MS:
            return
        self._looks.pop(look, None)
        self._looks[look] = now
        if len(self._looks) > LOOKS:
            del self._looks[next(iter(self._looks))]
        await self._add(key.workspace, key.id, type, data)

    async def verify(self, workspace: WorkspaceID) -> Verified:
        """What there is. Raises `Conflict`, which names the first entry that was changed or is missing."""
        count, digests = 0, [""]
        after: Page | None = None
        while page := await self._records.list(KIND, workspace, after=after, at_most=500):
            for record in page:
                entry = _decode(record.data)
                count += 1
                if record.place != count or entry.digest != _digest(digests[-1], replace(entry, digest="")):
                    gone = "is missing" if record.place != count else f"({entry.type}, {entry.id}) was changed"
                    raise Conflict(f"The audit trail of this workspace is broken: entry {count} {gone}.", code="broken")
                digests.append(entry.digest)
            after = Page(page[-1].place, page[-1].id)
        return Verified(digests[1:])

    async def _last(self, workspace: WorkspaceID) -> Record | None:
        found = await self._records.list(KIND, workspace, at_most=1, newest=True)
        return found[0] if found else None


def _digest(before: str, entry: AuditEntry) -> str:
    return hashlib.sha256(before.encode() + _encode(entry)).hexdigest()
