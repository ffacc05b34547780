"""Conversations in which a person is asked for, from the asking to the end (platform API, section 5)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.operator import Escalation, EscalationTrigger, Served
from parley.domain.workspace import WorkspaceID
from parley.errors import Conflict, Taken
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records

KIND = "escalation"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Escalation).decode
OPEN = frozenset({"requested", "connected", "handback"})


class Handled(Struct, frozen=True):
    """How many escalations somebody has had in hand, and for how long in all."""

    count: int = 0
    ms: int = 0

    @property
    def average_seconds(self) -> float:
        """How long one took."""
        return self.ms / 1000 / self.count if self.count else 0.0


NONE = Handled()


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

    async def all_of(self, workspace: WorkspaceID, session: str) -> Sequence[Escalation]:
        """The session's escalations, newest first."""
        return [each for each in await self.list(workspace) if each.session == session]

    async def connect(self, session: str, operator: str) -> Escalation | None:
        """A person has come. None where nobody was asked for, or they are here already."""
        now = self._clock.now_ms()

        def change(was: Escalation) -> Escalation:
            if was.status == "connected" and was.operator == operator:
                return was
            served = (*_over(was, now).served, Served(operator, now))
            return replace(was, status="connected", operator=operator, served=served, handed_back_at=None)

        return await self._move(session, change)

    async def hand_back(self, session: str) -> Escalation | None:
        """The agent goes on. None where nobody had come."""
        now = self._clock.now_ms()

        def change(was: Escalation) -> Escalation:
            return replace(_over(was, now), status="handback", handed_back_at=now) if was.status == "connected" else was

        return await self._move(session, change)

    async def complete(self, session: str) -> Escalation | None:
        """It is over."""
        now = self._clock.now_ms()
        return await self._move(session, lambda was: replace(_over(was, now), status="completed", completed_at=now))

    async def list(self, workspace: WorkspaceID) -> Sequence[Escalation]:
        """The workspace's escalations, newest first."""
        found: list[Escalation] = []
        after: Page | None = None
        while page := await self._records.list(KIND, workspace, after=after, at_most=500, newest=True):
            found += [_decode(record.data) for record in page]
            after = Page(page[-1].place, page[-1].id)
        return found

    async def handled(self, workspace: WorkspaceID) -> Mapping[str, Handled]:
        """What operators have had in hand, and have no more, by their ids."""
        counted: dict[str, Handled] = {}
        for escalation in await self.list(workspace):
            for operator in {each.operator for each in escalation.served}:
                spent = escalation.handled_by(operator)
                if spent is not None:
                    was = counted.get(operator, NONE)
                    counted[operator] = Handled(was.count + 1, was.ms + spent)
        return counted

    async def _move(self, session: str, change: Callable[[Escalation], Escalation]) -> Escalation | None:
        for _ in range(3):
            record = await self._records.find(KIND, _open(session))
            if record is None:
                return None
            was = _decode(record.data)
            changed = change(was)
            if changed is was:
                return None
            aliases = (_open(session),) if changed.status in OPEN else ()
            try:
                await self._records.save(
                    replace(record, data=_encode(changed), aliases=aliases, revision=record.revision + 1)
                )
            except Conflict:
                continue
            return changed
        return None


def _over(escalation: Escalation, now_ms: int) -> Escalation:
    """Nobody has the conversation any more."""
    served = tuple(each if each.until is not None else replace(each, until=now_ms) for each in escalation.served)
    return replace(escalation, served=served)


def _open(session: str) -> str:
    return f"open {session}"
