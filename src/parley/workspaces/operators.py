"""The operators of a workspace: who they are, whether they are free, and which conversation they are in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from parley.domain.operator import Mode, Operator
from parley.domain.workspace import WorkspaceID
from parley.errors import Conflict, NotFound
from parley.ports.clock import Clock
from parley.ports.records import Record, Records

KIND = "operator"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Operator).decode


class Operators:
    """Operators by workspace. Each is in one conversation at most."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def register(self, workspace: WorkspaceID, name: str, email: str, key: str, **more: Any) -> Operator:
        """A new operator. Raises `Taken` where one has this address."""
        now = self._clock.now_ms()
        made = Operator(str(uuid.uuid4()), workspace, name, email, now, now, key=key, status_changed_at=now, **more)
        await self._records.add(Record(KIND, made.id, _encode(made), workspace, _aliases(made), now))
        return made

    async def get(self, workspace: WorkspaceID, id: str) -> Operator:
        """Raises `NotFound`, for another workspace's too."""
        return _decode((await self._record(workspace, id)).data)

    async def list(self, workspace: WorkspaceID | None) -> Sequence[Operator]:
        """A workspace's operators, or those of all, oldest first."""
        return [_decode(r.data) for r in await self._records.list(KIND, workspace, at_most=10_000)]

    async def change(self, workspace: WorkspaceID, id: str, **changes: Any) -> Operator:
        """Change what is known of an operator. Raises `NotFound`, `Taken`, `Conflict`."""
        record = await self._record(workspace, id)
        before, now = _decode(record.data), self._clock.now_ms()
        if changes.get("status") not in (None, before.status):
            changes["status_changed_at"] = now
        return await self._save(record, replace(before, updated_at=now, **changes))

    async def join(self, workspace: WorkspaceID, id: str, session: str, mode: Mode) -> Operator:
        """The operator is in this conversation. Raises `Conflict` where they are in another one."""
        record = await self._record(workspace, id)
        before, now = _decode(record.data), self._clock.now_ms()
        if before.call not in (None, session):
            raise Conflict("This operator is already on a call. Leave it first.", code="already_on_a_call")
        joined = now if before.joined_at is None or before.call is None else before.joined_at
        changed = replace(
            before, call=session, mode=mode, joined_at=joined, status="busy", status_changed_at=now, updated_at=now
        )
        return await self._save(record, changed)

    async def leave(self, workspace: WorkspaceID, id: str) -> Operator:
        """The operator is in no conversation any more."""
        record = await self._record(workspace, id)
        before, now = _decode(record.data), self._clock.now_ms()
        if before.call is None:
            return before
        changed = replace(
            before,
            call=None,
            mode=None,
            joined_at=None,
            last_call_at=now,
            handled=before.handled + 1,
            handle_ms=before.handle_ms + now - (before.joined_at or now),
            status="online" if before.status == "busy" else before.status,
            status_changed_at=now,
            updated_at=now,
        )
        return await self._save(record, changed)

    async def in_session(self, workspace: WorkspaceID, session: str) -> Sequence[Operator]:
        """Who is in a conversation."""
        return [operator for operator in await self.list(workspace) if operator.call == session]

    async def _save(self, record: Record, changed: Operator) -> Operator:
        await self._records.save(
            replace(record, data=_encode(changed), aliases=_aliases(changed), revision=record.revision + 1)
        )
        return changed

    async def _record(self, workspace: WorkspaceID, id: str) -> Record:
        record = await self._records.get(KIND, id)
        if record is None or record.scope != workspace:
            raise NotFound("Operator not found.", code="no_operator")
        return record


def _aliases(operator: Operator) -> tuple[str, ...]:
    return (f"{operator.workspace} {operator.email.lower()}",)
