"""The operators of a workspace: who they are, whether they are free, and which conversation they are in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from parley.domain.operator import Mode, Operator, OperatorStatus
from parley.domain.workspace import WorkspaceID, WorkspaceKey, is_at_least
from parley.errors import Conflict, NotFound, ParleyError, Taken
from parley.ports.clock import Clock
from parley.ports.records import Record, Records

KIND = "operator"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Operator).decode
Change = Callable[[Operator, int], Operator]


class NotYours(ParleyError):
    """A key acts for an operator whom it did not register."""

    code = "forbidden"


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

    async def served_by(self, key: WorkspaceKey, id: str) -> Operator:
        """The operator for whom a key may act: the one that it registered, or any for an admin's.

        Raises `NotFound`, `NotYours`.
        """
        operator = await self.get(key.workspace, id)
        if operator.key != key.id and not is_at_least(key.role, "admin"):
            raise NotYours("This key did not register this operator. Use the operator's own key, or an admin's.")
        return operator

    async def own_of(self, key: WorkspaceKey, id: str) -> Operator:
        """The operator that this very key registered: nobody speaks in another's name. Raises what `served_by` does."""
        operator = await self.get(key.workspace, id)
        if operator.key != key.id:
            raise NotYours("This key did not register this operator. Nobody acts here in another's name.")
        return operator

    async def list(self, workspace: WorkspaceID | None) -> Sequence[Operator]:
        """A workspace's operators, or those of all, oldest first."""
        return [_decode(r.data) for r in await self._records.list(KIND, workspace, at_most=10_000)]

    async def change(self, workspace: WorkspaceID, id: str, **changes: Any) -> Operator:
        """Change what is known of an operator. Raises `NotFound`, `Taken`, `Conflict`."""

        def change(before: Operator, now: int) -> Operator:
            is_moved = changes.get("status") not in (None, before.status)
            return replace(before, **changes, **({"status_changed_at": now} if is_moved else {}))

        return await self._change(workspace, id, change)

    async def join(self, workspace: WorkspaceID, id: str, session: str, mode: Mode) -> Operator:
        """The operator is in this conversation. Raises `Conflict` where they are in one already."""

        def change(before: Operator, now: int) -> Operator:
            if before.call is not None:
                raise Conflict("This operator is already on a call. Leave it first.", code="already_on_a_call")
            return replace(before, call=session, mode=mode, joined_at=now, status="busy", status_changed_at=now)

        return await self._change(workspace, id, change)

    async def switch(self, workspace: WorkspaceID, id: str, session: str, mode: Mode) -> Operator:
        """The operator is in the conversation in another way, where they are still in it."""
        return await self._change(
            workspace, id, lambda before, _: replace(before, mode=mode) if before.call == session else before
        )

    async def leave(self, workspace: WorkspaceID, id: str, session: str) -> Operator:
        """The operator is not in this conversation any more."""

        def change(before: Operator, now: int) -> Operator:
            if before.call != session:
                return before
            status: OperatorStatus = "online" if before.status == "busy" else before.status
            free = replace(before, call=None, mode=None, joined_at=None, last_call_at=now, status=status)
            return replace(free, status_changed_at=now)

        return await self._change(workspace, id, change)

    async def in_session(self, workspace: WorkspaceID, session: str) -> Sequence[Operator]:
        """Who is in a conversation."""
        return [operator for operator in await self.list(workspace) if operator.call == session]

    async def _change(self, workspace: WorkspaceID, id: str, change: Change) -> Operator:
        """Save what `change` makes of the operator; of what is newest, where somebody else has saved meanwhile."""
        for is_last in (False, False, True):
            record = await self._record(workspace, id)
            before, now = _decode(record.data), self._clock.now_ms()
            changed = change(before, now)
            if changed is before:
                return before
            changed = replace(changed, updated_at=now)
            saved = replace(record, data=_encode(changed), aliases=_aliases(changed), revision=record.revision + 1)
            try:
                await self._records.save(saved)
            except Taken:
                raise
            except Conflict:
                if is_last:
                    raise
            else:
                return changed
        raise AssertionError("the last try saves or raises")

    async def _record(self, workspace: WorkspaceID, id: str) -> Record:
        record = await self._records.get(KIND, id)
        if record is None or record.scope != workspace:
            raise NotFound("Operator not found.", code="no_operator")
        return record


def _aliases(operator: Operator) -> tuple[str, ...]:
    return (f"{operator.workspace} {operator.email.lower()}",)
