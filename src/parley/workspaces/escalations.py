"""Conversations in which a person is asked for, from the asking to the end (platform API, section 5)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from parley.domain.operator import Escalation, EscalationTrigger
from parley.domain.workspace import WorkspaceID
from parley.errors import Conflict, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "escalation"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Escalation).decode
OPEN = frozenset({"requested", "connected", "handback"})


class Escalations:
    """At most one open escalation a session."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def request(
        self, workspace: WorkspaceID, session: str, reason: str, trigger: EscalationTrigger
    ) -> tuple[Escalation, bool]:
        """Ask for a person; the escalation that is open already, and False, where there is one."""
        now = self._clock.now_ms()
        made = Escalation(str(uuid.uuid4()), workspace, session, reason, trigger, now)
        try:
            await self._records.add(Record(KIND, made.id, _encode(made), workspace, (_open(session),), now))
        except Taken:
            known = await self.of(session)
            return (made, False) if known is None else (known, False)
        return made, True

    async def of(self, session: str) -> Escalation | None:
        """The session's open escalation."""
        record = await self._records.find(KIND, _open(session))
        return None if record is None else _decode(record.data)

    async def connect(self, session: str, operator: str) -> Escalation | None:
        """A person has come."""
        now = self._clock.now_ms()
        return await self._move(session, status="connected", operator=operator, connected_at=now)

    async def hand_back(self, session: str) -> Escalation | None:
        """The agent goes on."""
        return await self._move(session, status="handback")

    async def complete(self, session: str) -> Escalation | None:
        """It is over."""
        return await self._move(session, status="completed", completed_at=self._clock.now_ms())

    async def list(self, workspace: WorkspaceID, *, is_open: bool | None = None) -> Sequence[Escalation]:
        """The workspace's escalations, newest first."""
        found: list[Escalation] = []
        after: Page | None = None
        while page := await self._records.list(KIND, workspace, after=after, at_most=500, newest=True):
            found += [_decode(record.data) for record in page]
            after = Page(page[-1].place, page[-1].id)
        return [each for each in found if is_open in (None, each.status in OPEN)]

    async def _move(self, session: str, **changes: object) -> Escalation | None:
        for _ in range(3):
            record = await self._records.find(KIND, _open(session))
            if record is None:
                return None
            changed = replace(_decode(record.data), **changes)
            aliases = (_open(session),) if changed.status in OPEN else ()
            try:
                await self._records.save(
                    replace(record, data=_encode(changed), aliases=aliases, revision=record.revision + 1)
                )
            except Conflict:
                continue
            return changed
        return None


def _open(session: str) -> str:
    return f"open {session}"
