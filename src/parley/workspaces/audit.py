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
from msgspec.structs import replace

from parley.domain.operator import AuditEntry
from parley.domain.workspace import WorkspaceID, WorkspaceKey
from parley.errors import Conflict, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "audit"
SERVER = "parley"
"""Who did what nobody's key asked for, such as ending a lease that ran out."""
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(AuditEntry).decode


class Audit:
    """Adds entries and reads them; changes none."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._adding = asyncio.Lock()

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

    async def verify(self, workspace: WorkspaceID) -> int:
        """How many entries there are. Raises `Conflict` where one was changed or is missing."""
        count, before = 0, ""
        after: Page | None = None
        while page := await self._records.list(KIND, workspace, after=after, at_most=500):
            for record in page:
                entry = _decode(record.data)
                count += 1
                if record.place != count or entry.digest != _digest(before, replace(entry, digest="")):
                    raise Conflict(f"The audit trail of this workspace is broken at entry {count}.")
                before = entry.digest
            after = Page(page[-1].place, page[-1].id)
        return count

    async def _last(self, workspace: WorkspaceID) -> Record | None:
        found = await self._records.list(KIND, workspace, at_most=1, newest=True)
        return found[0] if found else None


def _digest(before: str, entry: AuditEntry) -> str:
    return hashlib.sha256(before.encode() + _encode(entry)).hexdigest()
